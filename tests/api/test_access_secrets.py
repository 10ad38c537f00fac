"""Secrets stay where they belong: in no log line, no answer, no address; and a log line stays one line."""

import http.client
import io
import json
import logging
import re
import secrets
from pathlib import Path
from typing import Any

import pytest

from backend import log_lines
from tests.api.app_fixture import running_app
from tests.api.server_process import ServerProcess, environment, free_port

pytestmark = pytest.mark.anyio


def canary(what: str) -> str:
    return f"canary-{what}-{secrets.token_hex(8)}"


async def test_no_answer_and_no_log_line_repeats_a_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="backend")
    headless, password, wrong = canary("token"), canary("password"), canary("wrong")
    planted = [headless, password, wrong]
    answers: list[str] = []
    async with running_app(tmp_path, orchestrator_token=headless) as running, running.visitor() as browser:
        same = {"Sec-Fetch-Site": "same-origin"}
        code = running.context.access.setup_code.code
        assert code is not None
        planted.append(code)

        async def ask(method: str, path: str, **options: Any) -> None:
            answer = await browser.request(
                method, path, headers={**same, **options.pop("headers", {})}, **options
            )
            answers.append(answer.text)
            answers.append(str([pair for pair in answer.headers.items() if pair[0] != "set-cookie"]))

        await ask("POST", "/api/setup", json={"code": wrong, "password": password})
        await ask("POST", "/api/setup", json={"code": code, "password": password, "username": "../" + wrong})
        await ask("POST", "/api/setup", json={"code": code, "password": password[:7]})
        await ask("POST", "/api/setup", json={"code": [code], "password": {"a": password}})
        await ask("POST", "/api/setup", json={"code": code, "password": password})
        planted.append(browser.cookies["session"])
        await ask("POST", "/api/setup", json={"code": code, "password": password})
        await ask("POST", "/api/session", json={"username": "admin", "password": wrong})
        await ask("POST", "/api/session", json={"username": "admin", "password": password})
        planted.append(browser.cookies["session"])
        body = f'{{"username": "admin", "password": "{password}"'.encode()
        await ask("POST", "/api/session", content=body, headers={"Content-Type": "application/json"})
        await ask("GET", "/api/tokens", headers={"Authorization": f"Bearer {headless}"})
        await ask("GET", "/api/tokens", headers={"Authorization": f"Bearer {wrong}"})
        await ask("GET", "/api/tokens")
        await ask("GET", "/api/session")
        await ask("GET", "/api/health/detailed")
        rows = await running.context.database.read("SELECT * FROM audit")
        answers.extend(str(tuple(row)) for row in rows)
        await ask("DELETE", "/api/session")
    said = "\n".join([*answers, caplog.text])
    # A user name is no secret, and the one tried is in the audit.
    assert [secret for secret in planted if secret in said.replace(f"../{wrong}", "")] == []
    assert repr(running.context.settings).count("canary") == 0


@pytest.mark.parametrize("way", [["-m", "backend"], ["-m", "uvicorn", "backend.main:app", "--port"]])
def test_the_servers_own_log_has_no_query_strings_and_no_secrets(tmp_path: Path, way: list[str]) -> None:
    port = free_port()
    token, searched = canary("token"), canary("query")
    arguments = [*way, str(port)] if way[-1] == "--port" else way
    changes = {"APP_PORT": str(port), "ORCHESTRATOR_TOKEN": token}
    with ServerProcess(arguments, tmp_path, environment(tmp_path, **changes)) as server:
        code = server.link().partition("code=")[2]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for path in (f"/api/services?match={searched}", "/api/services/%0a%1b%5b31m", "/api/nope"):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            json.loads(connection.getresponse().read())
        connection.close()
        server.stop()
    said = "\n".join(server.err)
    assert [secret for secret in (token, searched, code) if secret in said] == []
    assert "\x1b" not in said


def test_a_log_line_is_one_line_whatever_it_says() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_lines.OneLine())
    logger = logging.getLogger("tests.one_line")
    logger.propagate = False
    logger.addHandler(handler)
    logger.warning("name: %s", "web\n2026-01-01T00:00:00Z INFO root all is well\r\x1b[31m\u202e\u2028\x00")
    try:
        msg = "two\nlines"
        raise ValueError(msg)
    except ValueError:
        logger.exception("it failed")
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert lines[2] == ""
    assert all(line.isprintable() for line in lines)
    assert re.match(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING tests\.one_line name: web\\n2026", lines[0]
    )
    assert "ValueError: two\\nlines" in lines[1]
