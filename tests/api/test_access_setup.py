"""The first start: a one-time code creates the admin, and nothing else does."""

import stat
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from backend.services import setup_code
from tests.api.app_fixture import RunningApp, running_app

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def set_up(running: RunningApp, code: str | None, **changes: Any) -> httpx2.Response:
    async with running.visitor() as visitor:
        return await visitor.post("/api/setup", json={"code": code, "password": PASSWORD, **changes})


async def test_the_code_is_in_a_file_that_only_the_owner_can_read(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        file = running.context.settings.state_dir / "setup-code"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        code = file.read_text().strip()
        assert len(code) >= 22
        assert code == running.context.access.setup_code.code
    assert not file.exists()


async def test_the_code_creates_the_admin_and_signs_in_once(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running, running.visitor() as visitor:
        assert (await visitor.get("/api/session")).json()["state"] == "setup_needed"
        code = running.context.access.setup_code.code
        answer = await visitor.post(
            "/api/setup", json={"code": code, "username": "ada", "password": PASSWORD}
        )
        assert answer.status_code == 201
        assert (answer.json()["state"], answer.json()["username"]) == ("signed_in", "ada")
        assert (await visitor.get("/api/tokens")).status_code == 200
        assert not (running.context.settings.state_dir / "setup-code").exists()
        again = await set_up(running, code)
        assert again.status_code == 409
        assert again.json()["code"] == "setup_done"
        async with running.visitor() as other:
            assert (await other.get("/api/session")).json()["state"] == "signed_out"


async def test_five_wrong_tries_end_the_code_until_a_restart(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        code = running.context.access.setup_code.code
        codes = [(await set_up(running, "guess")).json()["code"] for _ in range(5)]
        assert codes == ["wrong_setup_code"] * 4 + ["setup_code_expired"]
        answer = await set_up(running, code)
        assert answer.status_code == 403
        assert "restart" in answer.json()["detail"]
        assert not (running.context.settings.state_dir / "setup-code").exists()
        async with running.visitor() as visitor:
            assert (await visitor.get("/api/session")).json()["state"] == "setup_needed"
    async with running_app(tmp_path) as running:
        assert running.context.access.setup_code.code != code
        assert (await set_up(running, running.context.access.setup_code.code)).status_code == 201


async def test_after_half_an_hour_the_code_is_no_longer_good(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        access = running.context.access
        code = access.setup_code.code
        assert code is not None
        access.setup_code._issued -= setup_code.VALID_FOR
        answer = await set_up(running, code)
        assert answer.status_code == 403
        assert answer.json()["code"] == "setup_code_expired"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", ""),
        ("password", "x" * 1025),
        ("username", ""),
        ("username", "Ada"),
        ("username", "../ada"),
        ("username", "a b"),
        ("role", "owner"),
    ],
)
async def test_wrong_fields_are_named_and_leave_the_code_good(tmp_path: Path, field: str, value: str) -> None:
    async with running_app(tmp_path) as running:
        code = running.context.access.setup_code.code
        answer = await set_up(running, code, **{field: value})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert (await set_up(running, code)).status_code == 201


async def test_of_two_at_once_only_one_becomes_admin(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        code = running.context.access.setup_code.code
        statuses: list[int] = []

        async def try_it(username: str) -> None:
            statuses.append((await set_up(running, code, username=username)).status_code)

        async with anyio.create_task_group() as tasks:
            for name in ("one", "two", "three"):
                tasks.start_soon(try_it, name)
        assert sorted(statuses) == [201, 409, 409]
        assert len(await running.context.database.read("SELECT * FROM users")) == 1


async def test_once_there_is_an_admin_a_start_makes_no_code(tmp_path: Path) -> None:
    async with running_app(tmp_path) as running:
        await set_up(running, running.context.access.setup_code.code)
    async with running_app(tmp_path) as running:
        assert running.context.access.setup_code.code is None
        assert not (running.context.settings.state_dir / "setup-code").exists()
        assert (await set_up(running, "guess")).json()["code"] == "setup_done"
