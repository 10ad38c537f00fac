"""What every request passes: Host, origin, bodies, headers; and what a bug of ours looks like outside."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import Request
from fastapi.responses import PlainTextResponse

from backend.middleware import bodies
from backend.middleware.headers import HEADERS
from backend.models.actor import SYSTEM
from tests.api.app_fixture import RunningApp, running_app

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, allowed_hosts="swarm.example.org, Other.example.org:8443") as running:
        yield running


async def sign_up(running: RunningApp) -> str:
    """Create the admin and return the session cookie's value."""
    async with running.visitor() as visitor:
        code = running.context.access.setup_code.code
        answer = await visitor.post("/api/setup", json={"code": code, "password": PASSWORD})
        assert answer.status_code == 201
        return str(answer.cookies["session"])


# Host and origin --------------------------------------------------------------------------------------

OUR_HOSTS = (
    "127.0.0.1:8080",
    "localhost",
    "LOCALHOST:5173",
    "[::1]:8080",
    "swarm.example.org",
    "other.example.org:8443",
)
FOREIGN_HOSTS = (
    "evil.example.com",
    "127.0.0.1.evil.example.com",
    "evil.localhost",
    "localhost@evil.example.com",
    "swarm.example.org.",
    "10.1.2.3:8080",
)
ORIGINS: dict[str, dict[str, str]] = {
    "same-origin": {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:5173"},
    "typed in": {"Sec-Fetch-Site": "none"},
    "old browser, our page": {"Origin": "http://{host}"},
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Origin": "http://{host}"},
    "same site, other port": {"Sec-Fetch-Site": "same-site", "Origin": "http://{host}"},
    "old browser, other page": {"Origin": "http://evil.example.com"},
    "sandboxed": {"Origin": "null"},
    "a script": {},
}
MAY_CHANGE = {"same-origin", "typed in", "old browser, our page"}


@pytest.mark.parametrize("host", OUR_HOSTS + FOREIGN_HOSTS)
async def test_only_our_hosts_answer_and_only_our_page_may_change_with_a_cookie(
    running: RunningApp, host: str
) -> None:
    cookie = await sign_up(running)
    outcomes: dict[str, tuple[int, int, int]] = {}
    async with running.visitor(cookies={"session": cookie}) as browser, running.visitor() as script:
        for number, (name, headers) in enumerate(ORIGINS.items()):
            headers = {key: value.format(host=host) for key, value in headers.items()} | {"Host": host}
            read = await browser.get("/api/tokens", headers=headers)
            body = {"name": f"{host} {number}"}
            changed = await browser.post("/api/tokens", headers=headers, json=body)
            bearer = {**headers, "Authorization": f"Bearer {running.token}"}
            by_token = await script.post("/api/tokens", headers=bearer, json={"name": f"token {number}"})
            outcomes[name] = (read.status_code, changed.status_code, by_token.status_code)
    ours = host in OUR_HOSTS
    assert outcomes == {
        name: (200, 201 if name in MAY_CHANGE else 403, 201) if ours else (421, 421, 421) for name in ORIGINS
    }


@pytest.mark.parametrize("name", ORIGINS)
async def test_signing_in_from_another_site_is_refused_too(running: RunningApp, name: str) -> None:
    await sign_up(running)
    headers = {key: value.format(host="127.0.0.1:8080") for key, value in ORIGINS[name].items()}
    async with running.visitor() as visitor:
        answer = await visitor.post(
            "/api/session", headers=headers, json={"username": "admin", "password": PASSWORD}
        )
    assert answer.status_code == (200 if name in {*MAY_CHANGE, "a script"} else 403)


async def test_two_host_headers_or_none_are_refused(running: RunningApp) -> None:
    for headers in ([], [(b"host", b"localhost"), (b"host", b"evil.example.com")]):
        status, _, body = await raw(running, "GET", "/api/health", headers=headers)
        assert status == 421, headers
        assert json.loads(body)["code"] == "wrong_host"


async def test_a_web_page_gets_no_cors_permission(running: RunningApp) -> None:
    async with running.visitor() as visitor:
        asked = {"Origin": "http://evil.example.com", "Access-Control-Request-Method": "POST"}
        preflight = await visitor.options("/api/session", headers=asked)
        read = await visitor.get("/api/health", headers={"Origin": "http://evil.example.com"})
    assert preflight.status_code in (401, 405)
    for answer in (preflight, read):
        assert not [name for name in answer.headers if name.startswith("access-control")]


# Where a request comes in -----------------------------------------------------------------------------


async def test_beyond_loopback_nothing_answers_until_somebody_can_sign_in(tmp_path: Path) -> None:
    async with running_app(tmp_path, allowed_hosts="swarm.example.org") as running:
        tokens = running.context.access.tokens
        await tokens.revoke(SYSTEM, (await tokens.list_all(SYSTEM))[0].id)
        async with running.visitor(base_url="http://10.0.0.5:8080") as outside:
            for path in ("/", "/api/health", "/api/session", "/api/services"):
                answer = await outside.get(path)
                assert answer.status_code == 403, path
                assert answer.json()["code"] == "not_configured"
                assert "ORCHESTRATOR_TOKEN" in answer.json()["detail"]
        await sign_up(running)
        async with running.visitor(base_url="http://10.0.0.5:8080") as outside:
            assert (await outside.get("/api/health")).status_code == 200


async def test_the_first_sign_in_may_be_remote_where_the_settings_say_so(tmp_path: Path) -> None:
    async with running_app(tmp_path, orchestrator_remote_setup=True) as running:
        tokens = running.context.access.tokens
        await tokens.revoke(SYSTEM, (await tokens.list_all(SYSTEM))[0].id)
        async with running.visitor(base_url="http://172.18.0.3:8080") as outside:
            assert (await outside.get("/api/health")).status_code == 200
            assert (await outside.get("/api/services")).status_code == 401
            wrong = await outside.post("/api/setup", json={"code": "guessed", "password": PASSWORD})
            assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_setup_code")
            code = running.context.access.setup_code.code
            right = await outside.post("/api/setup", json={"code": code, "password": PASSWORD})
            assert right.status_code == 201


async def test_behind_a_forwarded_port_addresses_are_ours_and_foreign_names_are_not(
    running: RunningApp,
) -> None:
    async with running.visitor(base_url="http://172.18.0.3:8080") as outside:
        for host, status in (
            ("192.168.1.10:8080", 200),
            ("[fd00::10]:8080", 200),
            ("swarm.example.org", 200),
            ("evil.example.com:8080", 421),
            ("192.168.1.10.evil.example.com", 421),
        ):
            assert (await outside.get("/api/health", headers={"Host": host})).status_code == status, host


async def test_a_websocket_is_closed_whoever_asks(running: RunningApp) -> None:
    for path in ("/api/services", "/", "/api/nope"):
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any], sent: list[dict[str, Any]] = sent) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {running.token}".encode())]
        scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "scheme": "ws"}
        await running.app(scope, receive, send)  # type: ignore[arg-type]
        assert [message["type"] for message in sent] == ["websocket.close"]


# Bodies -----------------------------------------------------------------------------------------------


async def test_a_body_that_is_no_json_is_415(running: RunningApp) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = await running.client.post(
            "/api/tokens", content=b'{"name": "x"}', headers={"Content-Type": content_type}
        )
        assert answer.status_code == 415, content_type
        assert answer.json()["code"] == "unsupported_media_type"
    good = {"Content-Type": "application/json; charset=utf-8"}
    assert (
        await running.client.post("/api/tokens", content=b'{"name": "x"}', headers=good)
    ).status_code == 201


async def test_broken_json_names_the_position(running: RunningApp) -> None:
    answer = await running.client.post(
        "/api/tokens", content=b'{"name":\n  laptop}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "invalid_json"
    assert "line 2, column 3" in problem["detail"]
    assert (problem["errors"][0]["line"], problem["errors"][0]["column"]) == (2, 3)


NESTED = b"[" * 200_000
IMPOSSIBLE_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b'{"name": "\xff"}',
    b'{"name": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"name": "a\\u0000b"}',
    b'{"name": NaN}',
    b'{"name": 1e999}',
    b'{"name": "x", "name": "y"}',
    b'{"name": "x", "expires_in_days": 1180591620717411303424}',
    b'{"name": "x", "expires_in_days": 9' + b"9" * 5000 + b"}",
    b'{"name": "x", "expires_in_days": -1}',
    b'{"name": "x", "expires_in_days": 1.5}',
    b'{"name": "x", "role": "owner"}',
    b'{"name": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
    NESTED,
    b'{"a":' * 5_000,
)


@pytest.mark.parametrize("body", IMPOSSIBLE_BODIES, ids=lambda body: repr(body[:40]))
async def test_an_impossible_body_is_a_4xx_problem_and_changes_nothing(
    running: RunningApp, body: bytes
) -> None:
    answer = await running.client.post(
        "/api/tokens", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["reason"]
    assert (await running.client.get("/api/tokens")).json()["total"] == 1


async def test_a_problem_names_each_field_the_way_the_caller_wrote_it(running: RunningApp) -> None:
    body = {"name": "", "expires_in_days": 0, "owner": "me"}
    problem = (await running.client.post("/api/tokens", json=body)).json()
    assert {error["field"] for error in problem["errors"]} == {"name", "expires_in_days", "owner"}
    deep = {"name": "web", "definition": {"env": {"GOOD": "\x00"}, "ports": [{"target": 2**70}]}}
    problem = (await running.client.post("/api/services", json=deep)).json()
    assert {error["field"] for error in problem["errors"]} == {
        "definition.env.GOOD",
        "definition.ports[0].target",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/api/services/%00",
        "/api/services/%1b%5b31m",
        "/api/services/%ed%a0%80",
        "/api/services/%ff",
        "/api/services/..%2f..%2fetc",
        "/api/services?match=%00",
        "/api/services?%00=1",
        "/api/services?limit=1000000000000000000000000000000",
        "/api/services?limit=" + "9" * 5000,
        "/api/services?limit=-1",
        "/api/services?offset=NaN",
        "/api/services?match=%ed%a0%80",
        "/api/deployments/9999999999999999999999999999999",
        "/api/nodes/" + "x" * 3000,
    ],
)
async def test_odd_addresses_never_give_5xx(running: RunningApp, path: str) -> None:
    answer = await running.client.get(path)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_control_character_in_a_query_is_named_by_its_parameter(running: RunningApp) -> None:
    answer = await running.client.get("/api/services?limit=5&match=a%1bb")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "match", "reason": "holds the control character U+001B"}]


async def test_a_body_of_more_than_a_mebibyte_is_413_however_it_is_sent(running: RunningApp) -> None:
    too_much = b"x" * (bodies.MAX_BODY + 1)
    declared = await running.client.post(
        "/api/tokens", content=too_much, headers={"Content-Type": "application/json"}
    )
    assert declared.status_code == 413
    assert declared.json()["code"] == "payload_too_large"

    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 65536
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]
    status, _, body = await raw(running, "POST", "/api/tokens", headers=headers, receive=receive)
    assert status == 413
    assert json.loads(body)["code"] == "payload_too_large"
    assert taken < 16 * 1024 * 1024


async def test_a_stranger_is_refused_before_the_body_is_read(running: RunningApp) -> None:
    async def receive() -> dict[str, Any]:
        pytest.fail("the body was read")

    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]
    status, _, _ = await raw(
        running, "POST", "/api/services", headers=headers, receive=receive, authorized=False
    )
    assert status == 401


async def test_a_body_that_does_not_arrive_is_given_up(
    running: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "DEADLINE", 0.05)

    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    headers = [(b"content-length", b"10"), (b"content-type", b"application/json")]
    status, _, body = await raw(running, "POST", "/api/tokens", headers=headers, receive=receive)
    assert status == 408
    assert json.loads(body)["code"] == "request_timeout"


# Headers and bugs of ours -----------------------------------------------------------------------------


async def test_every_answer_has_the_security_headers(running: RunningApp) -> None:
    async def broken(request: Request) -> PlainTextResponse:
        msg = "secret detail of the bug"
        raise RuntimeError(msg)

    running.app.add_route("/api/broken", broken)
    json_type = {"Content-Type": "application/json"}
    answers = [
        await running.client.get("/api/tokens"),
        await running.client.post("/api/tokens", json={"name": "new"}),
        await running.client.get("/api/nope"),
        await running.client.patch("/api/tokens"),
        await running.client.post("/api/tokens", json={}),
        await running.client.post("/api/tokens", content=b"{", headers=json_type),
        await running.client.post("/api/tokens", content=b"x" * 2_000_000, headers=json_type),
        await running.client.post("/api/tokens", content=b"x"),
        await running.client.get("/api/tokens", headers={"Host": "evil.example.com"}),
        await running.client.get("/api/broken"),
        await running.client.get("/"),
    ]
    async with running.visitor() as visitor:
        answers.append(await visitor.get("/api/tokens"))
        answers.append(await visitor.delete("/api/session", headers={"Sec-Fetch-Site": "cross-site"}))
    assert {answer.status_code for answer in answers} >= {
        200,
        201,
        400,
        401,
        403,
        404,
        405,
        413,
        415,
        421,
        422,
        500,
    }
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.status_code, name)
        if answer.url.path.startswith("/api"):
            assert answer.headers["cache-control"] == "no-store"


async def test_the_content_security_policy_allows_our_own_files_only(running: RunningApp) -> None:
    policy = (await running.client.get("/api/health")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_bug_shows_an_id_and_nothing_else(
    running: RunningApp, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(request: Request) -> PlainTextResponse:
        msg = "secret detail of the bug"
        raise RuntimeError(msg)

    running.app.add_route("/api/broken", broken)
    answer = await running.client.get("/api/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret detail" not in answer.text
    number = re.search(r"[0-9a-f]{16}", answer.json()["detail"])
    assert number is not None
    assert number[0] in caplog.text


async def test_tls_gets_hsts(running: RunningApp) -> None:
    async with running.visitor(base_url="https://127.0.0.1:8443") as visitor:
        assert "strict-transport-security" in (await visitor.get("/api/health")).headers
    assert "strict-transport-security" not in (await running.client.get("/api/health")).headers


async def raw(
    running: RunningApp,
    method: str,
    path: str,
    *,
    headers: list[tuple[bytes, bytes]],
    receive: Any = None,
    authorized: bool = True,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One ASGI call with exactly these headers, for what an HTTP client would not send."""
    if headers and not any(name == b"host" for name, _ in headers):
        headers = [(b"host", b"localhost"), *headers]
    if authorized and headers:
        headers = [*headers, (b"authorization", f"Bearer {running.token}".encode())]
    sent: list[dict[str, Any]] = []

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 40000),
    }
    await running.app(scope, receive or nothing, send)  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body
