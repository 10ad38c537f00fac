"""API tokens: made, shown once, recognised, expired, revoked; and those from the environment."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.services.credentials import ConfiguredTokens, could_be_token
from tests.api.app_fixture import RunningApp, running_app

pytestmark = pytest.mark.anyio

HEADLESS = "a-token-from-the-environment"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path) as running:
        yield running


async def status_with(running: RunningApp, authorization: str) -> int:
    async with running.visitor(headers={"Authorization": authorization}) as caller:
        return (await caller.get("/api/tokens")).status_code


async def test_a_token_is_shown_once_and_lets_its_holder_in(running: RunningApp) -> None:
    created = await running.client.post("/api/tokens", json={"name": "laptop"})
    assert created.status_code == 201
    token = created.json()["token"]
    assert token.startswith("so_")
    assert could_be_token(token)
    expires = datetime.fromisoformat(created.json()["expires_at"])
    assert timedelta(days=89) < expires - datetime.now(UTC) <= timedelta(days=90)
    listed = await running.client.get("/api/tokens")
    laptop, its_maker = listed.json()["items"]
    assert (laptop["name"], laptop["created_by"]) == ("laptop", its_maker["name"])
    assert its_maker["created_by"] == "system"
    assert token not in listed.text
    assert await status_with(running, f"Bearer {token}") == 200
    assert await status_with(running, f"bearer  {token} ") == 200


async def test_a_wrong_token_is_refused_even_with_a_good_cookie(running: RunningApp) -> None:
    async with running.visitor() as browser:
        code = running.context.access.setup_code.code
        await browser.post("/api/setup", json={"code": code, "password": "correct horse battery"})
        assert (await browser.get("/api/tokens")).status_code == 200
        answer = await browser.get("/api/tokens", headers={"Authorization": "Bearer so_wrong"})
        assert answer.status_code == 401
        assert "wrong, expired or revoked" in answer.json()["detail"]


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Token abc", ""])
async def test_what_is_no_token_is_refused(running: RunningApp, authorization: str) -> None:
    assert await status_with(running, authorization) == 401


async def test_a_token_of_odd_bytes_is_refused(running: RunningApp) -> None:
    async with running.visitor() as caller:
        answer = await caller.get("/api/tokens", headers={b"Authorization": b"Bearer \x80\xff\x00"})
    assert answer.status_code == 401


async def test_a_token_with_one_letter_changed_is_refused(running: RunningApp) -> None:
    last = "0" if running.token[-1] != "0" else "1"
    assert await status_with(running, f"Bearer {running.token[:-1]}{last}") == 401
    assert await status_with(running, f"Bearer {running.token[:-1]}") == 401
    assert await status_with(running, f"Bearer {running.token} {running.token}") == 401


async def test_a_revoked_token_stops_working_at_once(running: RunningApp) -> None:
    created = (await running.client.post("/api/tokens", json={"name": "laptop"})).json()
    assert (await running.client.delete(f"/api/tokens/{created['id']}")).status_code == 204
    assert await status_with(running, f"Bearer {created['token']}") == 401
    again = await running.client.delete(f"/api/tokens/{created['id']}")
    assert again.status_code == 404
    assert (await running.client.post("/api/tokens", json={"name": "laptop"})).status_code == 201


async def test_an_expired_token_is_refused_and_gives_its_name_up(running: RunningApp) -> None:
    body = {"name": "laptop", "expires_in_days": 1}
    token = (await running.client.post("/api/tokens", json=body)).json()["token"]
    tokens = running.context.access.tokens
    tokens._now = lambda: datetime.now(UTC) + timedelta(days=1, seconds=1)
    assert await status_with(running, f"Bearer {token}") == 401
    assert (await running.client.post("/api/tokens", json=body)).status_code == 201


async def test_a_token_may_last_for_ever_when_asked_to(running: RunningApp) -> None:
    body = {"name": "laptop", "expires_in_days": None}
    created = (await running.client.post("/api/tokens", json=body)).json()
    assert created["expires_at"] is None


async def test_two_tokens_cannot_have_one_name(running: RunningApp) -> None:
    await running.client.post("/api/tokens", json={"name": "laptop"})
    answer = await running.client.post("/api/tokens", json={"name": "laptop"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "name_taken"


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "\u202eevil", "x" * 65])
async def test_a_name_is_one_line_of_text(running: RunningApp, name: str) -> None:
    answer = await running.client.post("/api/tokens", json={"name": name})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


async def test_the_list_says_when_a_token_was_last_used(running: RunningApp) -> None:
    created = (await running.client.post("/api/tokens", json={"name": "laptop"})).json()

    async def last_used() -> object:
        items = (await running.client.get("/api/tokens")).json()["items"]
        return next(item["last_used_at"] for item in items if item["id"] == created["id"])

    assert await last_used() is None
    await status_with(running, f"Bearer {created['token']}")
    assert await last_used() is not None


async def test_a_token_says_who_it_is_on_the_open_route(running: RunningApp) -> None:
    session = (await running.client.get("/api/session")).json()
    assert session["state"] == "signed_in"
    assert session["username"].startswith("tests")


async def test_making_and_revoking_tokens_is_audited(running: RunningApp) -> None:
    created = (await running.client.post("/api/tokens", json={"name": "laptop"})).json()
    await running.client.post("/api/tokens", json={"name": "laptop"})
    await running.client.delete(f"/api/tokens/{created['id']}")
    rows = await running.context.database.read("SELECT * FROM audit WHERE actor_kind = 'token' ORDER BY id")
    assert [(row["action"], row["target"], row["outcome"], row["code"]) for row in rows] == [
        ("create_token", "laptop", "done", ""),
        ("create_token", "laptop", "failed", "name_taken"),
        ("revoke_token", created["id"], "done", ""),
    ]
    assert {row["address"] for row in rows} == {"127.0.0.1"}


# From the environment -------------------------------------------------------------------------------------


async def test_the_token_of_the_environment_has_all_rights(tmp_path: Path) -> None:
    async with running_app(tmp_path, orchestrator_token=HEADLESS) as running:
        assert await status_with(running, f"Bearer {HEADLESS}") == 200
        assert await status_with(running, f"Bearer {HEADLESS}x") == 401


async def test_the_token_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{HEADLESS}\n")
    async with running_app(tmp_path, orchestrator_token_file=file) as running:
        assert await status_with(running, f"Bearer {HEADLESS}") == 200


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("15-letters-long", "at least 16 characters"),
        ("a token with spaces in it", "without spaces"),
        ("zwölf-plus-vier-zeichen", "ASCII"),
        ("two-lines-of-text\nin-one-file", "one line"),
    ],
)
def test_an_unfit_token_is_refused_without_showing_it(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(ValueError, match=complaint) as refusal:
        ConfiguredTokens(None, file)
    assert text not in str(refusal.value)
    assert "ORCHESTRATOR_TOKEN_FILE" in str(refusal.value)


def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing-here"):
        ConfiguredTokens(None, tmp_path / "nothing-here")


def test_an_unrelated_variable_does_not_become_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.config import Settings

    monkeypatch.setenv("TOKEN", HEADLESS)
    assert Settings(_env_file=None).orchestrator_token is None
