"""The server as a process: what it prints, when it refuses to start, and how quickly it stops."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.api.server_process import ServerProcess, environment, free_port

MODULE = ["-m", "backend"]


def uvicorn(port: int, *more: str) -> list[str]:
    return ["-m", "uvicorn", "backend.main:app", "--port", str(port), *more]


def start(folder: Path, arguments: list[str], **changes: str) -> ServerProcess:
    return ServerProcess(arguments, folder, environment(folder, **changes))


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        data = None if body is None else json.dumps(body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


@pytest.fixture(params=["python -m backend", "uvicorn backend.main:app"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def arguments_of(way: str, port: int, *more: str) -> list[str]:
    return MODULE if way == "python -m backend" else uvicorn(port, *more)


def test_the_first_start_prints_one_link_that_makes_the_admin_and_later_ones_the_address(
    tmp_path: Path, way: str
) -> None:
    port = free_port()
    with start(tmp_path, arguments_of(way, port), APP_PORT=str(port)) as server:
        link = server.link()
        match = re.fullmatch(rf"http://127\.0\.0\.1:{port}/setup#code=([\w-]{{22}})", link)
        assert match is not None, link
        body = {"code": match[1], "password": "correct horse battery"}
        assert ask(port, "POST", "/api/setup", body)[0] == 201
        assert server.stop() in (0, -signal.SIGTERM)
        assert len(server.out) == 1
        assert match[1] not in "\n".join(server.err)
    with start(tmp_path, arguments_of(way, port), APP_PORT=str(port)) as server:
        assert server.link() == f"http://127.0.0.1:{port}"
        server.stop()
        assert len(server.out) == 1


def test_port_0_prints_the_port_it_got(tmp_path: Path) -> None:
    with start(tmp_path, MODULE, APP_PORT="0") as server:
        port = int(server.link().split(":")[2].partition("/")[0])
        assert ask(port, "GET", "/api/health")[0] == 200
        assert server.stop() == 0


def test_beyond_loopback_it_refuses_to_start_without_credentials(tmp_path: Path) -> None:
    with start(tmp_path, MODULE, APP_PORT=str(free_port()), ORCHESTRATOR_BIND="0.0.0.0") as server:
        assert server.wait() == 78
        assert server.out == []
        assert "ORCHESTRATOR_TOKEN" in server.err[-1]
        assert not [line for line in server.err if "Traceback" in line]


def test_uvicorn_beyond_loopback_refuses_to_start_without_credentials(tmp_path: Path) -> None:
    with start(tmp_path, uvicorn(free_port(), "--host", "0.0.0.0")) as server:
        assert server.wait() != 0
        said = "\n".join(server.err)
        assert "nobody can sign in yet" in said
        assert "Traceback" not in said


def test_beyond_loopback_it_starts_with_a_token(tmp_path: Path) -> None:
    port = free_port()
    token = "a-token-for-headless-use"
    changes = {"APP_PORT": str(port), "ORCHESTRATOR_BIND": "0.0.0.0", "ORCHESTRATOR_TOKEN": token}
    with start(tmp_path, MODULE, **changes) as server:
        server.link()
        assert ask(port, "GET", "/api/services")[0] == 401
        assert ask(port, "GET", "/api/services", Authorization=f"Bearer {token}")[0] == 200


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ORCHESTRATOR_TOKEN": "short"}, "ORCHESTRATOR_TOKEN"),
        ({"ORCHESTRATOR_TOKEN_FILE": "/nothing/here"}, "ORCHESTRATOR_TOKEN_FILE"),
        ({"APP_PORT": "eighty"}, "APP_PORT"),
        ({"APP_PORT": "70000"}, "APP_PORT"),
        ({"HEALTH_CHECK_INTERVAL": "0"}, "HEALTH_CHECK_INTERVAL"),
        ({"DOCKER_HOST": "garbage"}, "DOCKER_HOST"),
        ({"DOCKER_HOST": "tcp://engine:99999"}, "DOCKER_HOST"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    with start(tmp_path, MODULE, **{"APP_PORT": str(free_port()), **changes}) as server:
        assert server.wait() == 78
        assert server.out == []
        assert len(server.err) == 1
        assert named in server.err[0]


def test_a_second_server_on_the_same_state_leaves_with_75(tmp_path: Path) -> None:
    port = free_port()
    with start(tmp_path, MODULE, APP_PORT=str(port)) as first:
        first.link()
        for other_port in (port, free_port()):
            with start(tmp_path, MODULE, APP_PORT=str(other_port)) as second:
                assert second.wait() == 75
                assert len(second.err) == 1
                assert str(first.process.pid) in second.err[0]
        with start(tmp_path, uvicorn(free_port())) as third:
            assert third.wait() != 0
            assert "already uses the state" in "\n".join(third.err)
            assert "Traceback" not in "\n".join(third.err)
        assert ask(port, "GET", "/api/health")[0] == 200


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with start(tmp_path, MODULE, APP_PORT=str(port)) as server:
            assert server.wait() not in (0, 75, 78)
            assert len(server.err) == 1
            assert f"port {port}" in server.err[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_seconds_though_requests_are_under_way(
    tmp_path: Path, way: str, number: signal.Signals
) -> None:
    port = free_port()
    token = "a-token-for-headless-use"
    with start(tmp_path, arguments_of(way, port), APP_PORT=str(port), ORCHESTRATOR_TOKEN=token) as server:
        server.link()
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as half_a_head,
            socket.create_connection(("127.0.0.1", port), timeout=10) as half_a_body,
            socket.create_connection(("127.0.0.1", port), timeout=10) as idle,
        ):
            half_a_head.sendall(b"GET /api/health HTTP/1.1\r\nHost: loc")
            half_a_body.sendall(
                b"POST /api/services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n{"
            )
            idle.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" in idle.recv(4096)
            begun = time.monotonic()
            server.stop(number, within=6)
            took = time.monotonic() - begun
            answer = half_a_body.recv(4096)
        assert took < 6
        assert b" 503 " in answer
        assert b'"stopping"' in answer
        assert "Traceback" not in "\n".join(server.err)


def test_a_second_signal_does_not_wait_for_anybody(tmp_path: Path) -> None:
    port = free_port()
    token = "a-token-for-headless-use"
    with start(tmp_path, MODULE, APP_PORT=str(port), ORCHESTRATOR_TOKEN=token) as server:
        server.link()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as half_a_body:
            half_a_body.sendall(
                b"POST /api/services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n{"
            )
            assert ask(port, "GET", "/api/health")[0] == 200
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            # Two signals at once are one; the second counts when the first was heard.
            while listens(port):
                assert time.monotonic() - begun < 2
            assert server.stop(signal.SIGTERM) == 0
            assert time.monotonic() - begun < 2


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_tokens_come_from_the_shell_while_the_server_runs(tmp_path: Path) -> None:
    port = free_port()
    with start(tmp_path, MODULE, APP_PORT=str(port)) as server:
        server.link()
        token = command(tmp_path, "token", "create", "--name", "laptop").stdout.strip()
        assert token.startswith("so_")
        status, listed = ask(port, "GET", "/api/tokens", Authorization=f"Bearer {token}")
        assert (status, [item["name"] for item in listed["items"]]) == (200, ["laptop"])
        again = command(tmp_path, "token", "create", "--name", "laptop")
        assert (again.returncode, again.stdout) == (1, "")
        assert "laptop" in again.stderr
        shown = command(tmp_path, "token", "list").stdout
        assert listed["items"][0]["id"] in shown
        assert token not in shown
        assert command(tmp_path, "token", "revoke", listed["items"][0]["id"]).returncode == 0
        assert ask(port, "GET", "/api/tokens", Authorization=f"Bearer {token}")[0] == 401


def test_a_token_from_the_shell_is_enough_to_leave_loopback(tmp_path: Path) -> None:
    token = command(tmp_path, "token", "create", "--name", "headless").stdout.strip()
    port = free_port()
    with start(tmp_path, MODULE, APP_PORT=str(port), ORCHESTRATOR_BIND="0.0.0.0") as server:
        server.link()
        assert ask(port, "GET", "/api/services", Authorization=f"Bearer {token}")[0] == 200


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *MODULE, *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_hostile_requests_get_4xx_and_one_line_each(tmp_path: Path) -> None:
    port = free_port()
    requests = (
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%00%1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/services HTTP/1.1\r\nHost: localhost\r\nCookie: session=\xff\xfe\r\n\r\n",
        b"GET /api/services HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\r\n\r\n",
        b"GET /api/services HTTP/1.0\r\n\r\n",
        b"GET /api/services HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
        b"POST /api/setup HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/setup HTTP/1.1\r\nHost: localhost\r\nContent-Type: \xff\r\nContent-Length: 1\r\n\r\n{",
        b"GET http://evil.example.com/api/health HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
        b"\x16\x03\x01 not http\r\n\r\n",
    )
    with start(tmp_path, MODULE, APP_PORT=str(port)) as server:
        server.link()
        for request in requests:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request)
                answer = connection.recv(4096)
            assert re.match(rb"HTTP/1\.[01] 4\d\d ", answer), (request, answer[:80])
        assert ask(port, "GET", "/api/health")[0] == 200
        server.stop()
        text = "\n".join(server.err)
        assert "Traceback" not in text
        assert "\x1b" not in text
        assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in server.err), server.err


def test_three_hundred_megabytes_are_refused_without_being_kept(tmp_path: Path) -> None:
    port = free_port()
    token = "a-token-for-headless-use"
    with start(tmp_path, MODULE, APP_PORT=str(port), ORCHESTRATOR_TOKEN=token) as server:
        server.link()
        before = resident(server.process.pid)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(
                b"POST /api/services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
            )
            chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
            sent = 0
            try:
                while sent < 300:
                    connection.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            answer = connection.recv(4096)
        assert b" 413 " in answer
        assert sent < 100
        assert resident(server.process.pid) - before < 16 * 1024 * 1024


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
