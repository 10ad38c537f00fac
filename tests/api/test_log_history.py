"""Log lines back in time: before a moment, after one, by level, and how far was looked."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.services import log_history
from tests.api.api_calls import Api
from tests.fakes.engine_store import LogEntry
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

QUIET = ["sh", "-c", "sleep 1000"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PATH = "/api/services/web/logs"


def at(second: float) -> str:
    return (NOON + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


def write(engine: FakeEngine, slot: int, lines: list[tuple[float, str]], stream: int = 1) -> None:
    task = next(task for task in engine.tasks("web") if task.slot == slot)
    for second, text in lines:
        stamp = f"{NOON + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%f}000Z"
        body = text.encode() + b"\n"
        for start in range(0, len(body), 16384):
            engine.store.logs[task.id].append(LogEntry(stamp, stream, body[start : start + 16384]))


def numbers(page: dict[str, list[dict[str, str]]]) -> list[int]:
    return [int(item["line"].split()[-1]) for item in page["items"]]


async def everything_backwards(api: Api, tail: int, **query: object) -> list[list[int]]:
    """Pages from the newest to the oldest, as the page's reader takes them."""
    pages, until = [], None
    for _ in range(100):
        page = await api.get(PATH, tail=tail, **query, **({"until": until} if until else {}))
        reached = page["reaches_back_to"]
        pages.append(numbers({"items": [i for i in page["items"] if reached is None or i["time"] > reached]}))
        if reached is None:
            return pages
        assert reached != until, "it stands still"
        until = reached
    raise AssertionError("it never ends")


async def test_going_back_page_by_page_gives_each_line_once(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_history, "FIRST_TAIL", 20)
    await api.run("web", replicas=2, command=QUIET)
    write(engine, 1, [(n, f"line {n}") for n in range(0, 400, 2)])
    write(engine, 2, [(n, f"line {n}") for n in range(1, 400, 2)])
    pages = await everything_backwards(api, 60)
    assert [n for page in reversed(pages) for n in page] == list(range(400))
    assert max(map(len, pages)) <= 60


async def test_a_quiet_task_loses_nothing_beside_a_loud_one(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_history, "SEARCHED_LINES", 50)
    await api.run("web", replicas=2, command=QUIET)
    write(engine, 1, [(1_000 + n, f"loud {n}") for n in range(300)])
    write(engine, 2, [(n, f"quiet {n}") for n in range(5)])
    first = await api.get(PATH, match="quiet", tail=10)
    assert numbers(first) == [0, 1, 2, 3, 4]
    assert first["reaches_back_to"] == at(1_250)
    assert [n for page in await everything_backwards(api, 10, match="quiet") for n in page] == [0, 1, 2, 3, 4]


async def test_a_search_whose_time_is_over_at_once_gets_on_all_the_same(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_history, "SEARCHED_LINES", 20)
    monkeypatch.setattr(log_history, "SEARCH_SECONDS", 0.0)
    await api.run("web", replicas=1, command=QUIET)
    write(engine, 1, [(n, f"line {n}") for n in range(400)])
    pages = await everything_backwards(api, 10, match="/ 7$/")
    assert [n for page in pages for n in page] == [7]


async def test_an_end_and_a_beginning_enclose_what_is_read(api: Api, engine: FakeEngine) -> None:
    await api.run("web", command=QUIET)
    write(engine, 1, [(n, f"line {n}") for n in range(100)])
    page = await api.get(PATH, since=at(20), until=at(25))
    assert (numbers(page), page["reaches_back_to"]) == ([20, 21, 22, 23, 24, 25], None)
    page = await api.get(PATH, since=at(20), until=at(90), tail=3)
    assert (numbers(page), page["reaches_back_to"]) == ([88, 89, 90], at(88))
    assert numbers(await api.get(PATH, since=at(20), oldest=True, tail=3)) == [20, 21, 22]
    assert numbers(await api.get(PATH, oldest=True, tail=2)) == [0, 1]
    answer = await api("GET", PATH, params={"until": "noon"})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "until")


async def test_the_oldest_of_two_tasks_are_merged_before_they_are_cut(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=2, command=QUIET)
    write(engine, 1, [(n, f"line {n}") for n in range(0, 40, 2)])
    write(engine, 2, [(n, f"line {n}") for n in range(1, 40, 2)])
    assert numbers(await api.get(PATH, oldest=True, since=at(7), tail=5)) == [7, 8, 9, 10, 11]


async def test_lines_of_one_moment_are_not_torn_apart(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_history, "FIRST_TAIL", 5)
    await api.run("web", command=QUIET)
    write(engine, 1, [(n // 4, f"line {n}") for n in range(40)])
    page = await api.get(PATH, tail=4, until=at(5))
    assert numbers(page) == [20, 21, 22, 23]
    assert numbers(await api.get(PATH, tail=40, until=at(5))) == list(range(24))


async def test_huge_lines_do_not_make_believe_that_the_beginning_was_reached(
    api: Api, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_history, "FIRST_TAIL", 8)
    await api.run("web", command=QUIET)
    write(engine, 1, [(n, "x" * 40_000 + f" {n}") for n in range(30)])
    assert [n for page in reversed(await everything_backwards(api, 4)) for n in page] == list(range(30))


async def test_one_stream_is_looked_for_behind_the_other(api: Api, engine: FakeEngine) -> None:
    await api.run("web", command=QUIET)
    write(engine, 1, [(n, f"line {n}") for n in range(20)], stream=2)
    write(engine, 1, [(100 + n, f"line {n}") for n in range(500)], stream=1)
    page = await api.get(PATH, stream="stderr", tail=5)
    assert numbers(page) == [15, 16, 17, 18, 19]


async def test_lines_are_filtered_by_level_and_so_is_a_download(api: Api, engine: FakeEngine) -> None:
    await api.run("web", command=QUIET)
    lines = ["ERROR 1", '{"level":"warn","n": 2}', "level=info msg=3", "[debug] 4", "plain 5"]
    write(engine, 1, [(n, text) for n, text in enumerate(lines)])
    page = await api.get(PATH, level=["error", "warn"])
    assert [item["line"] for item in page["items"]] == lines[:2]
    page = await api.get(PATH, level="info", match="msg")
    assert [item["line"] for item in page["items"]] == lines[2:3]
    answer = await api.app.client.get(PATH, params={"download": "1", "level": "debug", "timestamps": "0"})
    assert answer.text.splitlines()[0].endswith("stdout [debug] 4")
    assert (await api("GET", PATH, params={"level": "loud"})).status == 422
