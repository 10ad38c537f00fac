"""Behind a reverse proxy: whose word counts about who comes and whether by TLS."""

import http.client
import json
from pathlib import Path

import pytest

from tests.api.server_process import ServerProcess, environment

PASSWORD = "correct horse battery staple"


def set_up(folder: Path, **settings: str) -> tuple[dict[str, str], str]:
    """Answer's headers of a first sign-in that a proxy on this machine passes on, and the address we saw."""
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Host": "swarm.example.org"}
    names = {"ORCHESTRATOR_ALLOWED_HOSTS": "swarm.example.org", "ORCHESTRATOR_REMOTE_SETUP": "true"}
    where = environment(folder, APP_PORT="0", **names, **settings)
    with ServerProcess(["-m", "backend"], folder, where) as server:
        address, _, code = server.link().partition("/setup#code=")
        connection = http.client.HTTPConnection("127.0.0.1", int(address.split(":")[2]), timeout=30)
        body = json.dumps({"code": code, "password": PASSWORD})
        connection.request("POST", "/api/setup", body, {"Content-Type": "application/json", **forwarded})
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        cookie = headers["set-cookie"].partition(";")[0]
        connection.request("GET", "/api/sessions", headers={"Cookie": cookie, **forwarded})
        (session,) = json.loads(connection.getresponse().read())["items"]
        connection.close()
    return headers, session["address"]


def test_a_proxy_on_this_machine_is_believed(tmp_path: Path) -> None:
    headers, address = set_up(tmp_path)
    assert headers["set-cookie"].startswith("__Host-session=")
    assert "; Secure" in headers["set-cookie"]
    assert "strict-transport-security" in headers
    assert address == "203.0.113.9"


def test_nobody_else_is(tmp_path: Path) -> None:
    headers, address = set_up(tmp_path, ORCHESTRATOR_TRUSTED_PROXIES="10.0.0.7, 10.1.0.0/16")
    assert headers["set-cookie"].startswith("session=")
    assert "Secure" not in headers["set-cookie"]
    assert "strict-transport-security" not in headers
    assert address == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["*", "proxy.example.org", "10.0.0.0/33", "10.0.0.1/8"])
def test_what_is_no_address_is_refused_by_name(tmp_path: Path, wrong: str) -> None:
    where = environment(tmp_path, APP_PORT="0", ORCHESTRATOR_TRUSTED_PROXIES=wrong)
    with ServerProcess(["-m", "backend"], tmp_path, where) as server:
        assert server.wait() != 0
        said = f"ORCHESTRATOR_TRUSTED_PROXIES: {wrong!r} is no address or network such as 10.0.0.7"
        assert said in " ".join(server.err)
