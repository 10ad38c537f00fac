"""Registries and their credentials: from configuration and API to the nodes, and into nothing else."""

import base64
import json
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from backend.config import Settings
from backend.context import AppContext
from tests.api.api_calls import Answer, Api
from tests.api.app_fixture import running_app, settings_in
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

HOST = "10.0.0.5:5000"
URL = f"http://{HOST}"
OTHER = "registry.example.com"
QUICK: dict[str, Any] = {"update_config": {"monitor": "200ms"}}
"""A verdict without ten seconds of watching."""


@asynccontextmanager
async def server(folder: Path, engine: FakeEngine, **settings: Any) -> AsyncIterator[Api]:
    values = {"registry_url": URL, **settings}
    async with running_app(folder, docker_host=engine.docker_host, **values) as app:
        # What is stored is tried at once, and these registries are nobody's to be asked by a test.
        await app.context.registry_client.close()
        nowhere = aiohttp.UnixConnector(str(folder / "nowhere"))
        app.context.registry_client._http._session = aiohttp.ClientSession(connector=nowhere)
        await eventually(lambda: app.context.cluster.as_of is not None)
        yield Api(app)


def secret(what: str = "pw") -> str:
    return f"canary-{what}-{secrets.token_hex(6)}"


def pulled_with(engine: FakeEngine, service: str) -> dict[str, str]:
    """What the nodes were given."""
    header = engine.service(service).registry_auth
    return dict(json.loads(base64.urlsafe_b64decode(header))) if header else {}


async def put(api: Api, host: str, **body: Any) -> Answer:
    return await api("PUT", f"/api/registries/{host}", json=body)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All but what the test's own client says."""
    return "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("http"))


# -- from the environment --------------------------------------------------------------------------------


async def test_nodes_pull_with_the_password_from_the_environment(engine: FakeEngine, tmp_path: Path) -> None:
    engine.registry_users[HOST] = ("ci", "s3cret")
    async with server(tmp_path, engine, registry_username="ci", registry_password="s3cret") as api:
        await api.run("web", replicas=3)
        assert pulled_with(engine, "web") == {"username": "ci", "password": "s3cret", "serveraddress": HOST}
        service = await api.get("/api/services/web")
        assert service["digest"].startswith("sha256:")
        (first,) = (await api.get("/api/registries"))["items"]
    assert first == {
        "host": HOST,
        "url": URL,
        "is_default": True,
        "source": "environment",
        "credentials_source": "environment",
        "username": "ci",
        "has_password": True,
        "insecure": True,
        "problem": None,
    }


async def test_a_rotated_password_file_reaches_the_nodes_with_the_next_deploy_and_restarts_nothing(
    engine: FakeEngine, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("first\n")
    engine.registry_users[HOST] = ("ci", "first")
    async with server(tmp_path, engine, registry_username="ci", registry_password_file=file) as api:
        await api.run("web", replicas=2, **QUICK)
        before = {task.id for task in engine.tasks("web")}
        file.write_text("second")
        engine.registry_users[HOST] = ("ci", "second")
        verdict = await api.verdict(await api.act("web", "deploy"))
        assert (verdict["state"], verdict["changes"]) == ("succeeded", [])
        assert pulled_with(engine, "web")["password"] == "second"
        assert {task.id for task in engine.tasks("web")} == before
        file.unlink()
        problem = (await api.get(f"/api/registries/{HOST}"))["problem"]
        assert "no such file" in problem
        failed = await api("POST", "/api/services/web/deploy")
        assert (failed.status, failed.code) == (409, "credentials_unreadable")
        # What runs is not touched, and what the swarm was given it still has.
        await api.act("web", "scale", replicas=3)
        await api.becomes("web", "running")
        assert pulled_with(engine, "web")["password"] == "second"


async def test_scale_restart_and_rollback_hand_over_the_current_credentials(
    engine: FakeEngine, tmp_path: Path
) -> None:
    file = tmp_path / "password"

    def rotate(password: str) -> None:
        file.write_text(password)
        engine.registry_users[HOST] = ("ci", password)

    rotate("zero")
    async with server(tmp_path, engine, registry_username="ci", registry_password_file=file) as api:
        await api.run("web", **QUICK)
        await api(
            "PUT", "/api/services/web", json={"definition": {"image": f"{HOST}/hello-world:2", **QUICK}}
        )
        await api.verdict(await api.act("web", "deploy"))
        for number, (act, body) in enumerate(
            {"scale": {"replicas": 2}, "restart": {}, "rollback": {}}.items()
        ):
            rotate(f"password-{number}")
            await api.verdict(await api.act("web", act, **body))
            assert pulled_with(engine, "web")["password"] == f"password-{number}", act
            await api.becomes("web", "running")


async def test_the_hub_has_credentials_of_its_own_and_a_foreign_image_gets_none(
    engine: FakeEngine, tmp_path: Path
) -> None:
    engine.add_image("nginx:1", digest="sha256:" + "a" * 64)
    engine.registry_users["docker.io"] = ("me", "hub-password")
    async with server(tmp_path, engine, registry_username="ci", registry_password="s3cret") as api:
        assert (await put(api, "docker.io", username="me", password="hub-password")).status == 200
        await api.run("proxy", image="nginx:1")
        assert pulled_with(engine, "proxy") == {
            "username": "me",
            "password": "hub-password",
            "serveraddress": "https://index.docker.io/v1/",
        }
        await api.create("foreign", image="ghcr.io/team/app:1")
        await api.act("foreign", "deploy")
        assert pulled_with(engine, "foreign") == {}


async def test_a_list_of_registries_comes_after_the_first_and_before_the_stored(
    engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "pw").write_text("listed")
    file = tmp_path / "registries.yaml"
    file.write_text(
        f"- url: https://{OTHER}\n  username: bot\n  password_file: pw\n- url: http://10.9.9.9:5000\n"
    )
    engine.registry_users[OTHER] = ("bot", "listed")
    engine.add_image(f"{OTHER}/app:1", digest="sha256:" + "b" * 64)
    async with server(tmp_path, engine, registries_file=file) as api:
        await put(api, "a.example.com", username="u", password="p")
        listed = (await api.get("/api/registries"))["items"]
        assert [(one["host"], one["source"], one["insecure"]) for one in listed] == [
            (HOST, "environment", True),
            (OTHER, "file", False),
            ("10.9.9.9:5000", "file", True),
            ("a.example.com", "stored", False),
        ]
        await api.run("app", image=f"{OTHER}/app:1")
        assert pulled_with(engine, "app")["password"] == "listed"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"registry_username": "u"}, "REGISTRY_USERNAME has no password"),
        ({"registry_password": "canary"}, "the registry's password has no user"),
        ({"registry_url": "http://u:canary@h:1", "registry_password": "canary"}, "given more than once"),
        ({"registry_url": "http://u:canary@h:1", "registry_username": "v"}, "names another user"),
        ({"registry_url": "http://u:canary@h:1/path"}, "REGISTRY_URL: a registry's address ends after"),
        ({"registry_url": "canary://h"}, "REGISTRY_URL: a registry's address begins with http"),
        ({"registry_host": "team"}, "REGISTRY_HOST: 'team' cannot be told from a user of Docker Hub"),
        (
            {"registry_username": "u", "registry_password_file": "/no/file"},
            "REGISTRY_PASSWORD_FILE: /no/file: no such",
        ),
        ({"registries_file": "/no/list"}, "REGISTRIES_FILE: /no/list: no such file"),
    ],
)
async def test_a_configuration_that_cannot_be_meant_stops_the_start(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        AppContext(settings_in(tmp_path, **settings))
    assert said in str(refused.value)
    assert "canary" not in str(refused.value).replace("canary://", "")


async def test_a_registry_listed_twice_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "registries.yaml"
    file.write_text(f"- url: https://a.example\n- url: {URL}\n")
    with pytest.raises(ValueError, match=f"line 2: {HOST} is there already, in REGISTRY_URL"):
        AppContext(settings_in(tmp_path, registry_url=URL, registries_file=file))


async def test_a_user_in_the_registrys_address_is_used_and_shown_nowhere(
    engine: FakeEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = secret()
    engine.registry_users[HOST] = ("ci", password)
    async with server(tmp_path, engine, registry_url=f"http://ci:{password}@{HOST}") as api:
        await api.run("web", image="${REGISTRY_HOST}/hello-world:1")
        assert (engine.service("web").spec["Labels"])["swarm-orchestrator.image"] == f"{HOST}/hello-world:1"
        shown = [await api.get(path) for path in ("/api/registries", "/api/services/web", "/api/deployments")]
    assert password not in json.dumps(shown) + logged(caplog)


def test_settings_do_not_show_passwords() -> None:
    settings = Settings(_env_file=None, registry_url="http://u:canary@h:1", registry_password="canary")
    assert "canary" not in repr(settings) + str(settings)


# -- through the API -------------------------------------------------------------------------------------


async def test_stored_credentials_are_in_no_answer_log_audit_or_file(
    engine: FakeEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password, token, wrong = secret(), secret("token"), secret("wrong")
    engine.registry_users[OTHER] = ("ci", password)
    engine.add_image(f"{OTHER}/app:1", digest="sha256:" + "c" * 64)
    answers: list[Answer] = []
    async with server(tmp_path, engine) as api:
        answers.append(await put(api, OTHER, username="ci", password=wrong))
        await api.create("app", image=f"{OTHER}/app:1")
        answers.append(await api("POST", "/api/services/app/deploy"))
        assert answers[-1].status == 409
        answers.append(await put(api, OTHER, password=password))
        await api.act("app", "deploy")
        answers.append(await put(api, "token.example.com", identity_token=token))
        # Refused ones, too.
        answers.append(await put(api, OTHER, url=f"https://u:{password}@{OTHER}"))
        answers.append(await put(api, OTHER, url=f"https://{password} {OTHER}"))
        answers.append(await put(api, OTHER, username="x", password=password, identity_token=token))
        answers.append(await put(api, OTHER, username={"a": password}, password=[password]))
        answers.append(await put(api, OTHER, passwort=password))
        answers.append(await put(api, f"u:{password}@{OTHER}", username="a", password=password))
        answers.append(await put(api, OTHER, username="ci", password=password + "\n"))
        answers.append(await put(api, OTHER, username="ci", password=password * 1000))
        answers += [await api("GET", path) for path in ("/api/registries", f"/api/registries/{OTHER}")]
        await api.becomes("app", "running")
        answers += [
            await api("GET", path) for path in ("/api/services/app", "/api/deployments", "/api/audit")
        ]
        rows = await api.app.context.database.read("SELECT * FROM audit WHERE action LIKE 'registry.%'")
        assert [row["target"] for row in rows[:2]] == [OTHER, OTHER]
        assert {row["outcome"] for row in rows} == {"done", "failed"}
        stored = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert [answer.status for answer in answers if answer.status >= 500] == []
    # A key that is no key of ours is named in the answer; the values never are.
    shown = "".join(str(answer.body) + str(answer.headers) for answer in answers) + logged(caplog)
    for canary in (password, token, wrong):
        assert canary not in shown
        for form in (
            canary.encode(),
            base64.b64encode(canary.encode())[:-4],
            base64.urlsafe_b64encode(canary.encode())[:-4],
        ):
            assert form not in stored
    key = tmp_path / "state" / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600


async def test_no_key_is_made_before_a_secret_is_to_be_kept(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path, engine) as api:
        await put(api, OTHER, url=f"http://{OTHER}")
        assert not (tmp_path / "state" / "secret.key").exists()
        found = await api.get(f"/api/registries/{OTHER}")
        assert (found["insecure"], found["username"], found["credentials_source"]) == (True, None, None)


async def test_stored_registries_survive_a_restart_and_a_lost_key_is_told(
    engine: FakeEngine, tmp_path: Path
) -> None:
    engine.registry_users[HOST] = ("ci", "s3cret")
    key = tmp_path / "state" / "secret.key"
    async with server(tmp_path, engine) as api:
        await put(api, HOST, username="ci", password="s3cret")
        await api.run("web", **QUICK)
    async with server(tmp_path, engine) as api:
        assert (await api.get(f"/api/registries/{HOST}"))["problem"] is None
        kept = key.read_bytes()
        for content, said in (
            (None, "missing"),
            (base64.b64encode(os.urandom(32)), "another key"),
            (b"?", "no key"),
        ):
            key.unlink(missing_ok=True)
            if content is not None:
                key.write_bytes(content)
            found = await api.get(f"/api/registries/{HOST}")
            assert found["has_password"], found
            assert said in found["problem"], found
            assert "enter them again" in found["problem"]
            refused = await api("POST", "/api/services/web/deploy")
            assert (refused.status, refused.code) == (409, "credentials_unreadable")
            (last, *_) = (await api.get("/api/deployments", service="web"))["items"]
            assert (last["state"], last["cause"]) == ("failed", refused.body["detail"])
        key.write_bytes(kept)
        assert (await api.get(f"/api/registries/{HOST}"))["problem"] is None
        key.unlink()
        assert (await put(api, HOST, username="ci", password="s3cret")).body["problem"] is None
        assert (await api.verdict(await api.act("web", "deploy")))["state"] == "succeeded"


async def test_a_key_from_elsewhere_is_used_and_never_made(engine: FakeEngine, tmp_path: Path) -> None:
    key = tmp_path / "key"
    async with server(tmp_path, engine, orchestrator_secret_key_file=key) as api:
        refused = await put(api, OTHER, username="ci", password="x")
        assert (refused.status, refused.code) == (409, "secret_key_unreadable")
        assert "openssl rand -base64 32" in refused.body["detail"]
        assert not key.exists()
        key.write_bytes(base64.b64encode(b"\xfb\xff" * 16) + b"\n")
        assert (await put(api, OTHER, username="ci", password="x")).status == 200
    assert not (tmp_path / "state" / "secret.key").exists()


async def test_a_row_moved_to_another_address_opens_nothing(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path, engine) as api:
        await put(api, OTHER, username="ci", password="x")
        async with api.app.context.database.transaction() as transaction:
            await transaction.execute("UPDATE registries SET url = 'http://evil.example'")
    async with server(tmp_path, engine) as api:
        assert "another address" in (await api.get(f"/api/registries/{OTHER}"))["problem"]


async def test_a_kept_password_goes_to_no_other_address_or_user(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path, engine) as api:
        await put(api, OTHER, username="ci", password="x")
        for change in ({"url": "https://evil.example"}, {"url": f"http://{OTHER}"}, {"username": "root"}):
            refused = await put(api, OTHER, **change)
            assert (refused.status, refused.body["errors"][0]["field"]) == (422, "password"), change
        assert (await put(api, OTHER, url=f"https://{OTHER}/")).body["has_password"]
        assert (await put(api, OTHER, username="ci")).body["has_password"]
        gone = (await put(api, OTHER, username=None, password=None)).body
        assert (gone["has_password"], gone["username"], gone["credentials_source"]) == (False, None, None)


async def test_what_the_configuration_says_is_not_changed_through_the_api(
    engine: FakeEngine, tmp_path: Path
) -> None:
    async with server(tmp_path, engine) as api:
        refused = await api("DELETE", f"/api/registries/{HOST}")
        assert (refused.status, refused.code) == (409, "registry_is_configured")
        refused = await put(api, HOST, url="http://evil.example")
        assert (refused.status, refused.code) == (409, "registry_is_configured")
        found = (await put(api, HOST, username="ci", password="x")).body
        assert (found["url"], found["source"], found["credentials_source"]) == (URL, "environment", "stored")
        assert (await api("DELETE", f"/api/registries/{HOST}")).status == 204
        assert (await api.get(f"/api/registries/{HOST}"))["credentials_source"] is None
    async with server(tmp_path, engine, registry_username="ci", registry_password="s3cret") as api:
        refused = await put(api, HOST, username="ci", password="x")
        assert (refused.status, refused.code) == (409, "registry_is_configured")


async def test_registries_are_added_listed_and_forgotten(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path, engine) as api:
        heard: list[str] = []
        api.app.context.registries.on_change.append(heard.append)
        assert (await put(api, "Ghcr.io", username="ci", password="x")).body["url"] == "https://ghcr.io"
        assert (await put(api, "127.0.0.1:5001")).body["url"] == "http://127.0.0.1:5001"
        assert (await api("DELETE", "/api/registries/ghcr.io")).status == 204
        assert heard == ["ghcr.io", "127.0.0.1:5001", "ghcr.io"]
        missing = await api("GET", "/api/registries/ghcr.io")
        assert (missing.status, missing.code) == (404, "registry_not_configured")
        assert HOST in missing.body["detail"]
        assert (await api("DELETE", "/api/registries/ghcr.io")).status == 404
        for host in ("team", "169.254.169.254", "a%2Fb", "..", "h:0"):
            assert (await put(api, host, username="u", password="p")).status in {404, 422}, host


# -- what a registry refuses -----------------------------------------------------------------------------


async def test_a_registry_that_wants_credentials_fails_the_deployment_and_says_where_they_go(
    engine: FakeEngine, tmp_path: Path
) -> None:
    async with server(tmp_path, engine) as api:
        await api.run("web", replicas=2, **QUICK)
        engine.registry_users[HOST] = ("ci", "s3cret")
        before = {task.id for task in engine.tasks("web")}
        await api(
            "PUT", "/api/services/web", json={"definition": {"image": f"{HOST}/hello-world:2", **QUICK}}
        )
        refused = await api("POST", "/api/services/web/deploy")
        assert (refused.status, refused.code) == (409, "registry_denied")
        (last, *_) = (await api.get("/api/deployments", service="web"))["items"]
        assert last["state"] == "failed"
        assert last["cause"] == refused.body["detail"]
        assert f"The registry {HOST} wants credentials for {HOST}/hello-world:2." in last["cause"]
        assert f"PUT /api/registries/{HOST}" in last["cause"]
        assert {task.id for task in engine.tasks("web")} == before
        await put(api, HOST, username="ci", password="wrong")
        refused = await api("POST", "/api/services/web/deploy")
        assert "to the user 'ci': the credentials are wrong" in refused.body["detail"]
        await put(api, HOST, password="s3cret")
        assert (await api.verdict(await api.act("web", "deploy")))["state"] == "succeeded"


async def test_an_image_that_the_hub_does_not_show_is_a_warning(engine: FakeEngine, tmp_path: Path) -> None:
    async with server(tmp_path, engine) as api:
        engine.add_image("built-here:dev", digest="sha256:" + "d" * 64)
        denied = "errors: denied: requested access to the resource is denied"
        engine.fail_next("GET", "/distribution/built-here", status=403, message=denied)
        await api.create("local", image="built-here:dev")
        deployment = await api.act("local", "deploy")
        assert "could not be pinned" in deployment["warnings"][0]
        await api.becomes("local", "running")


async def test_many_deploys_at_once_hand_over_credentials(engine: FakeEngine, tmp_path: Path) -> None:
    engine.registry_users[HOST] = ("ci", "s3cret")
    async with server(tmp_path, engine, registry_username="ci", registry_password="s3cret") as api:
        names = [f"web-{number}" for number in range(5)]
        for name in names:
            await api.create(name, **QUICK)
        answer = await api("POST", "/api/deployments?wait=20", json={"action": "deploy", "services": names})
        assert answer.status < 300, answer
        assert {pulled_with(engine, name)["password"] for name in names} == {"s3cret"}
