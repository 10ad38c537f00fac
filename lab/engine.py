"""The few Docker API calls that the lab itself needs, over an engine's unix socket."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from lab.errors import LabError


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Engine:
    """An engine behind its socket. Calls raise `OSError` while nobody answers (a timeout is one too)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def answers(self) -> bool:
        return str(self._call("GET", "/_ping", None, 5)) == "OK"

    def version(self) -> str:
        return str(self._call("GET", "/version", None, 5)["Version"])

    def info(self, seconds: float = 10) -> dict[str, Any]:
        return dict(self._call("GET", "/info", None, seconds))

    def init_swarm(self, address: str) -> None:
        body = {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": address}
        self._call("POST", "/swarm/init", body, 60)

    def join_swarm(self, address: str, manager: str, token: str) -> None:
        body = {
            "ListenAddr": "0.0.0.0:2377",
            "AdvertiseAddr": address,
            "RemoteAddrs": [f"{manager}:2377"],
            "JoinToken": token,
        }
        self._call("POST", "/swarm/join", body, 60)

    def join_tokens(self) -> dict[str, str]:
        """The tokens by role, `Manager` and `Worker`."""
        return dict(self._call("GET", "/swarm", None, 20)["JoinTokens"])

    def nodes(self, seconds: float = 10) -> list[dict[str, Any]]:
        return list(self._call("GET", "/nodes", None, seconds))

    def _call(self, method: str, path: str, body: object, seconds: float) -> Any:
        connection = _UnixConnection(self._path, seconds)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode()
        except http.client.HTTPException as error:
            raise OSError(f"{self._path} broke off: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 500:
            # "Too few managers are online" and its kin pass by themselves; the caller's deadline decides.
            raise OSError(f"{method} {path}: {text.strip()}")
        if response.status >= 400:
            raise LabError(f"The engine refused {method} {path}: {text.strip()}")
        return json.loads(text) if "json" in (response.headers["Content-Type"] or "") else text
