"""Signing in: sessions and their cookies, and what guessing gets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.services.access import ABSOLUTE, IDLE
from backend.services.passwords import Passwords
from tests.api.app_fixture import RunningApp, running_app

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """The app with the admin `ada`, set up from 10.9.9.9."""
    async with running_app(tmp_path) as running:
        async with running.visitor(address="10.9.9.9") as visitor:
            code = running.context.access.setup_code.code
            body = {"code": code, "username": "ada", "password": PASSWORD}
            assert (await visitor.post("/api/setup", json=body)).status_code == 201
        yield running


async def sign_in(
    client: httpx2.AsyncClient, password: str = PASSWORD, username: str = "ada"
) -> httpx2.Response:
    return await client.post("/api/session", json={"username": username, "password": password})


def travel(running: RunningApp, by: timedelta) -> None:
    running.context.access._now = lambda: datetime.now(UTC) + by


# Sessions -----------------------------------------------------------------------------------------------


async def test_on_plain_http_the_cookie_is_strict_and_the_page_is_told(running: RunningApp) -> None:
    async with running.visitor() as browser:
        answer = await sign_in(browser)
        assert answer.status_code == 200
        assert answer.json() == {
            "state": "signed_in",
            "username": "ada",
            "secure": False,
            "version": "0.1.0",
            "permissions": ["admin", "build", "edit", "operate", "read"],
            "confirm": False,
        }
        cookie = answer.headers["set-cookie"]
        name, _, rest = cookie.partition("=")
        assert name == "session"
        assert len(rest.partition(";")[0]) >= 43
        assert {part.strip().lower() for part in rest.split(";")[1:]} == {
            "httponly",
            "path=/",
            "samesite=strict",
        }
        assert (await browser.get("/api/tokens")).status_code == 200


async def test_on_tls_the_cookie_is_bound_to_the_host_and_the_plain_one_does_not_count(
    running: RunningApp,
) -> None:
    async with running.visitor(base_url="https://127.0.0.1:8443") as browser:
        answer = await sign_in(browser)
        assert answer.json()["secure"] is True
        assert answer.headers["set-cookie"].startswith("__Host-session=")
        assert "Secure" in answer.headers["set-cookie"]
        secret = answer.cookies["__Host-session"]
    for scheme, name, status in (
        ("https", "__Host-session", 200),
        ("https", "session", 401),
        ("http", "__Host-session", 401),
    ):
        async with running.visitor(base_url=f"{scheme}://127.0.0.1:8443") as other:
            answer = await other.get("/api/tokens", headers={"Cookie": f"{name}={secret}"})
            assert answer.status_code == status, (scheme, name)


async def test_signing_in_again_replaces_the_session(running: RunningApp) -> None:
    async with running.visitor() as browser:
        first = (await sign_in(browser)).cookies["session"]
        second = (await sign_in(browser)).cookies["session"]
        assert first != second
        assert (await browser.get("/api/tokens")).status_code == 200
    async with running.visitor(cookies={"session": first}) as thief:
        assert (await thief.get("/api/tokens")).status_code == 401


async def test_a_session_id_that_somebody_planted_is_never_taken_over(running: RunningApp) -> None:
    async with running.visitor(cookies={"session": "planted"}) as browser:
        answer = await sign_in(browser)
        assert answer.cookies["session"] != "planted"
    async with running.visitor(cookies={"session": "planted"}) as attacker:
        assert (await attacker.get("/api/tokens")).status_code == 401


async def test_signing_out_ends_the_session_on_the_server(running: RunningApp) -> None:
    async with running.visitor() as browser:
        secret = (await sign_in(browser)).cookies["session"]
        answer = await browser.delete("/api/session", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 204
        assert "session" not in browser.cookies
        assert (await browser.get("/api/session")).json()["state"] == "signed_out"
    async with running.visitor(cookies={"session": secret}) as thief:
        assert (await thief.get("/api/tokens")).status_code == 401


async def test_a_session_ends_after_twelve_idle_hours_or_seven_days(running: RunningApp) -> None:
    async with running.visitor() as idle, running.visitor() as busy:
        await sign_in(idle)
        await sign_in(busy)
        steps = int(ABSOLUTE / (IDLE / 2))
        for step in range(1, steps):
            travel(running, step * IDLE / 2)
            assert (await busy.get("/api/tokens")).status_code == 200, step
        assert (await idle.get("/api/tokens")).status_code == 401
        travel(running, ABSOLUTE + timedelta(minutes=1))
        assert (await busy.get("/api/tokens")).status_code == 401


async def test_a_session_outlives_a_restart_and_the_database_cannot_be_used_to_sign_in(
    tmp_path: Path,
) -> None:
    async with running_app(tmp_path) as running:
        async with running.visitor() as browser:
            code = running.context.access.setup_code.code
            answer = await browser.post("/api/setup", json={"code": code, "password": PASSWORD})
            secret = answer.cookies["session"]
        token = running.token
    stored = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir() if file.is_file())
    for held in (secret, token, token[3:67], PASSWORD, str(code)):
        assert held.encode() not in stored
    async with (
        running_app(tmp_path) as running,
        running.visitor(cookies={"session": secret}) as browser,
    ):
        assert (await browser.get("/api/tokens")).status_code == 200


# Guessing -----------------------------------------------------------------------------------------------


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each password that was really looked at: whether there was such a user."""
    seen: list[bool] = []
    verify = Passwords.verify

    async def counted(self: Passwords, password: str, known_hash: str | None) -> bool:
        seen.append(known_hash is not None)
        return await verify(self, password, known_hash)

    monkeypatch.setattr(Passwords, "verify", counted)
    return seen


async def test_a_wrong_name_and_a_wrong_password_look_the_same(
    running: RunningApp, hashed: list[bool]
) -> None:
    async with running.visitor() as stranger:
        wrong_password = await sign_in(stranger, "wrong")
        wrong_name = await sign_in(stranger, "wrong", username="nobody")
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert wrong_password.json() == wrong_name.json()
    assert wrong_password.json()["code"] == "wrong_password"
    # Both cost a hash, so that the time does not tell either.
    assert hashed == [True, False]


async def test_after_five_failures_even_the_right_password_waits(
    running: RunningApp, hashed: list[bool]
) -> None:
    async with running.visitor() as stranger:
        for _ in range(5):
            assert (await sign_in(stranger, "wrong")).status_code == 401
        answer = await sign_in(stranger)
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_attempts"
    assert 1 <= int(answer.headers["retry-after"]) <= 300
    assert len(hashed) == 5


async def test_strangers_cannot_keep_the_owner_out_of_a_familiar_place(running: RunningApp) -> None:
    for number in range(20):
        async with running.visitor(address=f"10.0.0.{number}") as stranger:
            await sign_in(stranger, "wrong")
    async with running.visitor(address="10.9.9.9") as owner:
        assert (await sign_in(owner)).status_code == 200


@pytest.mark.parametrize("addresses", [1, 500])
async def test_hundreds_of_guesses_cost_thirty_hashes_at_most(
    running: RunningApp, hashed: list[bool], addresses: int
) -> None:
    for number in range(300):
        source = f"10.{number % addresses // 250}.1.{number % addresses % 250}"
        async with running.visitor(address=source) as stranger:
            await sign_in(stranger, "wrong", username=("ada", f"user{number}")[number % 2])
    assert 0 < len(hashed) <= 30


async def test_one_ipv6_network_counts_as_one_address(running: RunningApp, hashed: list[bool]) -> None:
    for number in range(30):
        async with running.visitor(address=f"2001:db8:0:1::{number:x}") as stranger:
            await sign_in(stranger, "wrong", username=f"user{number}")
    assert len(hashed) == 10


async def test_successes_do_not_count_as_failures(running: RunningApp) -> None:
    async with running.visitor(address="10.0.0.7") as owner:
        for _ in range(7):
            assert (await sign_in(owner, "wrong")).status_code == 401
            assert (await sign_in(owner)).status_code == 200


async def test_a_sign_in_is_audited_whichever_way_it_ends(running: RunningApp) -> None:
    async with running.visitor(address="10.0.0.7") as browser:
        await sign_in(browser, "wrong")
        await sign_in(browser)
        await browser.delete("/api/session", headers={"Sec-Fetch-Site": "same-origin"})
    rows = await running.context.database.read("SELECT * FROM audit WHERE address = '10.0.0.7' ORDER BY id")
    seen: list[Any] = [(row["action"], row["actor_name"], row["outcome"], row["code"]) for row in rows]
    assert seen == [
        ("sign_in", "ada", "denied", "wrong_password"),
        ("sign_in", "ada", "done", ""),
        ("sign_out", "ada", "done", ""),
    ]


# What may be done here ------------------------------------------------------------------------------------


async def test_the_session_tells_what_is_left_when_permissions_are_taken_away(running: RunningApp) -> None:
    async with running.visitor() as browser:
        assert (await browser.get("/api/session")).json()["permissions"] == []
        await sign_in(browser)
        async with running.context.database.transaction() as change:
            await change.execute("UPDATE users SET role = 'nobody we know'")
        # The next question, not the next sign-in.
        session = (await browser.get("/api/session")).json()
        assert (session["state"], session["permissions"]) == ("signed_in", [])
        refusal = await browser.post("/api/services/web/stop", headers={"Origin": "http://127.0.0.1:8080"})
        assert refusal.status_code == 403
        assert (refusal.json()["code"], "'operate'" in refusal.json()["detail"]) == ("denied", True)
