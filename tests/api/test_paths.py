"""Strings made to lead out of the projects directory, against every route and field with a path or name."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from backend.errors import OrchestratorError
from backend.services.build_context import BuildContext
from tests.api.api_calls import Api
from tests.api.app_fixture import running_app

pytestmark = pytest.mark.anyio

CANARY = "canary-5f1d"
UPS = (
    *(
        "..",
        "../..",
        "../../..",
        "../../../../../../../..",
        "./..",
        "web/../..",
        "web/../../..",
        "web/./../..",
    ),
    *(
        "%2e%2e",
        "%252e%252e",
        "..%2f..",
        "..%252f..",
        "%2e%2e%2f%2e%2e",
        "..%c0%af..",
        "..%ef%bc%8f..",
        "..\\..",
    ),
    *(
        "..\\",
        "..;",
        "....",
        "....//....",
        "..././..",
        ".. ",
        " ..",
        "..\t",
        "..\0",
        "..%00",
        "\u2025",
        "\uff0e\uff0e",
    ),
    *(
        "\u2024\u2024",
        "..\u2215..",
        "..\uff0f..",
        "..\u2044..",
        "~",
        "~root",
        "$HOME",
        "${PWD}",
        "`pwd`",
        "$(pwd)",
    ),
)
TARGETS = (
    "",
    "/",
    "/secret",
    "/secret/Dockerfile",
    "/etc/passwd",
    "//etc/passwd",
    "/./secret",
    "\\secret",
    "/web/../../secret",
    "%2fsecret",
)
OTHERS = (
    *("/", "//", "/etc", "/etc/passwd", "//etc/passwd", "/proc/self/environ", "/proc/self/cwd", "/dev/stdin"),
    *(
        "C:\\",
        "C:/Windows",
        "\\\\host\\share",
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "git@host:repo",
        "-",
    ),
    *(
        "--file",
        "-rf",
        "web\n",
        "web\r\n..",
        "web\0",
        "web%00/etc",
        "web%0a",
        "\x7f",
        "\x1b[31m",
        "\ud800",
        "\u202e",
    ),
    *(
        "web/",
        "web//",
        "/web",
        "./web",
        "web/.",
        "web\\",
        "web.",
        "web ",
        " web",
        ".git",
        ".git/config",
        "con",
        "nul",
    ),
    *(
        "x" * 256,
        "x/" * 600,
        "../" * 400,
        "a" * 5_000,
        "link",
        "link/Dockerfile",
        "web/link",
        "web/link/Dockerfile",
    ),
)
CORPUS = sorted({up + target for up, target in product(UPS, TARGETS)} | set(OTHERS))
FINE = {"web.", "con", "nul", "x" * 256}
"""Odd, but names that a folder below may have or that are refused for their length alone."""


class Opened:
    """What the process opens, while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.paths: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in {"open", "os.scandir", "os.listdir", "os.readlink"}:
            path = arguments[0]
            self.paths.append(path.decode(errors="replace") if isinstance(path, bytes) else str(path))


OPENED = Opened()
sys.addaudithook(OPENED)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    OPENED.paths.clear()
    OPENED.on = True
    yield OPENED
    OPENED.on = False
    outside = re.compile(r"(^|/)\.\.(/|$)|^/etc|^/proc/self/(environ|cwd)|^/dev/stdin|^/root|/secret")
    assert [path for path in OPENED.paths if outside.search(path)] == []
    assert str(tmp_path / "projects") in OPENED.paths


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    web = tmp_path / "projects" / "web"
    web.mkdir(parents=True)
    (web / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "Dockerfile").write_text(CANARY)
    (tmp_path / "projects" / "link").symlink_to(tmp_path / "secret")
    (web / "link").symlink_to(tmp_path / "secret")
    async with running_app(tmp_path) as app:
        yield Api(app)


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 400


async def test_no_context_is_opened_from_outside(tmp_path: Path, api: Api, opened: Opened) -> None:
    for text in CORPUS:
        for context, dockerfile in ((text, "Dockerfile"), ("web", text)):
            if text in {"web", "con", "nul"}:
                continue
            with pytest.raises(OrchestratorError) as refused:
                async with BuildContext.open(tmp_path / "projects", context, dockerfile):
                    pass
            assert refused.value.code in {
                "invalid_path",
                "project_not_found",
                "dockerfile_missing",
                "link_leads_out",
            }, text
            assert CANARY not in refused.value.detail


async def test_no_definition_names_a_path_outside(api: Api) -> None:
    for text in CORPUS:
        for field in ("build_context", "dockerfile"):
            definition = {"image": "x:1", "build_context": "web", field: text}
            try:
                answer = await api("POST", "/api/services", json={"name": "web", "definition": definition})
            except UnicodeEncodeError:
                continue  # a client cannot even send it
            if answer.status == 201:
                assert text in FINE | {
                    "web.",
                    "link",
                    "web/link",
                    "link/Dockerfile",
                    "web/link/Dockerfile",
                }, text
                assert (await api("DELETE", "/api/services/web")).status == 204
            else:
                assert answer.status == 422, (text, answer)
                assert answer.body["errors"][0]["field"].endswith(field), text


async def test_no_route_leads_outside(api: Api, opened: Opened) -> None:
    await api.create("web", build_context="web")
    await api.get("/api/projects")
    routes = [
        ("GET", "/api/projects/{}"),
        ("GET", "/api/services/{}"),
        ("GET", "/api/services/{}/logs"),
        ("GET", "/api/services/{}/revisions"),
        ("GET", "/api/builds/{}"),
        ("GET", "/api/builds/{}/log"),
        ("GET", "/api/deployments/{}"),
        ("GET", "/api/nodes/{}"),
        ("POST", "/api/services/{}/build"),
        ("DELETE", "/api/services/{}"),
    ]
    for text in CORPUS:
        for method, route in routes:
            path = route.format(quote(text.encode(errors="replace"), safe="%"))
            answer = await api.app.client.request(method, path)
            assert (
                answer.status_code < 500
                or answer.json()["code"] == "docker_unreachable"
                or (answer.json()["code"] == "no_picture_yet")
            ), (method, path, answer.text)
            assert CANARY not in answer.text
            if route == "/api/projects/{}" and text not in {"link", "web"}:
                assert answer.status_code in {400, 404, 422}, (path, answer.text)


async def test_no_build_takes_a_dockerfile_from_outside(api: Api, opened: Opened) -> None:
    await api.create("web", build_context="web", image="${REGISTRY_HOST}/web:1")
    for text in CORPUS:
        try:
            answer = await api("POST", "/api/services/web/build", json={"dockerfile": text})
        except UnicodeEncodeError:
            continue
        if text == "":
            continue
        assert 400 <= answer.status < 500, (text, answer)
        assert CANARY not in str(answer.body)
