"""The lab's private registry: a machine that runs `docker-registry`, and how images get into it."""

import base64
import http.client
import json
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.htpasswd import htpasswd_line
from lab.images import Image
from lab.machine import Machine
from lab.waiting import wait_until

USER = "lab"
_PORT = 5000
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Registry:
    """The real registry over plain HTTP, with deletes enabled, on an address that nodes and host reach.

    With a password only the user `lab` gets in.
    """

    machine: Machine
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Address and port, as in image references."""
        return f"{self.machine.address}:{_PORT}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def password_file(self) -> Path:
        """Holds the password, if there is one, for programs that want a file."""
        return self.machine.directory / "password"

    @property
    def running(self) -> bool:
        return self.machine.running

    def boot(self) -> None:
        directory = self.machine.directory
        directory.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(directory / "data")},
                "delete": {"enabled": True},
            },
            "http": {"addr": f":{_PORT}"},
        }
        if self.password:
            htpasswd = directory / "htpasswd"
            htpasswd.write_text(htpasswd_line(USER, self.password, self.machine.rootfs))
            config["auth"] = {"htpasswd": {"realm": "lab", "path": str(htpasswd)}}
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(self.password)
        if self._notifications_file.exists():
            config["notifications"] = json.loads(self._notifications_file.read_text())
        # JSON is YAML too.
        (directory / "config.yml").write_text(json.dumps(config))
        self.machine.boot(["docker-registry", "serve", str(directory / "config.yml")])

    def notify(self, url: str | None, authorization: str = "") -> None:
        """From its next start on it tells `url` of every push and delete; None: nobody."""
        if url is None:
            self._notifications_file.unlink(missing_ok=True)
            return
        endpoint = {
            "name": "swarm-orchestrator",
            "url": url,
            "headers": {"Authorization": [authorization]},
            "timeout": "5s",
            "threshold": 3,
            "backoff": "1s",
            "ignore": {"actions": ["pull", "mount"]},
        }
        self._notifications_file.touch(mode=0o600)
        self._notifications_file.write_text(json.dumps({"endpoints": [endpoint]}))

    @property
    def _notifications_file(self) -> Path:
        return self.machine.directory / "notifications.json"

    def wait_until_ready(self) -> None:
        """Wait for the first answer; raises `LabError` naming the log."""
        what = "the first answer of the registry"
        wait_until(self.answers, seconds=60, what=what, log=self.machine.log)

    def answers(self) -> bool:
        """Whether it answers; raises `OSError` while nobody listens, `LabError` if it ended."""
        if not self.machine.running:
            raise LabError(f"The registry ended: {self.machine.last_words()} (see {self.machine.log})")
        return self.status() == 200

    def status(self) -> int:
        """What it answers who comes with our password."""
        return self._call("GET", "/v2/")[0]

    def push(self, images: Iterable[Image]) -> None:
        """Store `images`, unless they are there already. Raises `LabError` if one is refused."""
        for image in images:
            for blob in image.blobs:
                self._push_blob(image.repository, blob.digest, blob.content)
            for media_type, manifest in image.manifests:
                self._push_manifest(image.repository, manifest.digest, media_type, manifest.content)
            media_type, manifest = image.manifests[-1]
            self._push_manifest(image.repository, image.tag, media_type, manifest.content)

    def _push_blob(self, repository: str, digest: str, content: bytes) -> None:
        if self._call("HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
            return
        status, headers = self._call("POST", f"/v2/{repository}/blobs/uploads/")
        if status != 202:
            raise self._refused(f"an upload to {repository}", status)
        location = urllib.parse.urlsplit(headers["Location"])
        target = f"{location.path}?{location.query}&digest={urllib.parse.quote(digest)}"
        status, _ = self._call("PUT", target, content, "application/octet-stream")
        if status != 201:
            raise self._refused(f"a blob of {repository}", status)

    def _push_manifest(self, repository: str, reference: str, media_type: str, content: bytes) -> None:
        status, _ = self._call("PUT", f"/v2/{repository}/manifests/{reference}", content, media_type)
        if status != 201:
            raise self._refused(f"{repository}:{reference}", status)

    def _refused(self, what: str, status: int) -> LabError:
        return LabError(f"The registry refused {what} with status {status}; see {self.machine.log}")

    def _call(
        self, method: str, path: str, body: bytes | None = None, media_type: str | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(self.machine.address, _PORT, timeout=_SECONDS)
        try:
            headers = {"Content-Type": media_type} if media_type else {}
            if self.password:
                user = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
                headers["Authorization"] = f"Basic {user}"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
        except http.client.HTTPException as error:
            raise OSError(f"the registry broke off: {error!r}") from error
        finally:
            connection.close()
        return response.status, response.headers
