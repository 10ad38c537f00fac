"""Log lines over the API: merged, cut, filtered, and never waiting for a dead node."""

import anyio
import pytest

from tests.api.api_calls import Api
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

SHELL = ["sh", "-c", "echo one; echo two >&2; echo three; sleep 1000"]


async def test_lines_of_all_tasks_are_merged_by_time_and_the_tail_is_a_total(api: Api) -> None:
    await api.run("web", replicas=3, command=SHELL)
    page = await api.get("/api/services/web/logs", tail=100)
    assert len(page["items"]) == 9
    times = [item["time"] for item in page["items"]]
    assert times == sorted(times)
    assert {item["task"] for item in page["items"]} == {"web.1", "web.2", "web.3"}
    assert page["incomplete"] == []
    cut = await api.get("/api/services/web/logs", tail=4)
    assert cut["items"] == page["items"][-4:]


async def test_each_line_says_task_node_and_stream(api: Api) -> None:
    await api.run("web", command=SHELL, constraints=["node.hostname == worker-1"])
    page = await api.get("/api/services/web/logs")
    assert [(i["line"], i["stream"], i["node"], i["task"]) for i in page["items"]] == [
        ("one", "stdout", "worker-1", "web.1"),
        ("two", "stderr", "worker-1", "web.1"),
        ("three", "stdout", "worker-1", "web.1"),
    ]


async def test_lines_are_filtered_by_task_and_node(api: Api) -> None:
    service = await api.run("web", replicas=3, command=SHELL)
    by_task = await api.get("/api/services/web/logs", task="web.2")
    assert {item["task"] for item in by_task["items"]} == {"web.2"}
    host = service["nodes"][0]["hostname"]
    by_node = await api.get("/api/services/web/logs", node=host)
    assert {item["node"] for item in by_node["items"]} == {host}
    for query, code in (({"task": "web.9"}, "task_not_found"), ({"node": "nobody"}, "node_not_found")):
        answer = await api("GET", "/api/services/web/logs", params=query)
        assert (answer.status, answer.code) == (404, code)


async def test_a_node_that_is_down_costs_its_own_lines_only_and_is_named(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=3, command=SHELL)
    engine.power_off("worker-2")
    await eventually(
        lambda: any(not node.is_live for node in api.app.context.cluster.nodes.values()), within=10
    )
    page = await api.get("/api/services/web/logs")
    assert page["incomplete"] == ["worker-2"]
    assert "worker-2" not in {item["node"] for item in page["items"]}
    assert page["items"]


async def test_a_node_that_hangs_unnoticed_is_given_up_within_the_deadline(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=3, command=SHELL)
    engine.power_off("worker-2", noticed=False)
    page = await api.get("/api/services/web/logs")
    assert page["incomplete"] == ["worker-2"]
    assert {item["node"] for item in page["items"]} == {"manager-1", "worker-1"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"tail": 0}, "tail"),
        ({"tail": 10_001}, "tail"),
        ({"tail": "x"}, "tail"),
        ({"since": "noon"}, "since"),
    ],
)
async def test_bad_queries_are_refused(api: Api, query: dict[str, object], field: str) -> None:
    await api.create("web")
    answer = await api("GET", "/api/services/web/logs", params=query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


async def test_since_leaves_older_lines_out(api: Api) -> None:
    await api.run("web", command=SHELL)
    assert len((await api.get("/api/services/web/logs", since="10m"))["items"]) == 3
    assert (await api.get("/api/services/web/logs", since="2099-01-01T00:00:00Z"))["items"] == []
    for long_ago in ("9" * 60 + "h", "9" * 60 + "s", "0001-01-01T00:00:00+14:00", "0"):
        assert len((await api.get("/api/services/web/logs", since=long_ago))["items"]) == 3, long_ago


async def test_an_engine_that_gives_no_lines_is_not_told_as_a_node_that_does_not_answer(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", command=SHELL)
    engine.lose_leader()
    answer = await api("GET", "/api/services/web/logs")
    assert (answer.status, answer.code) == (503, "swarm_no_leader")
    await engine.stop()
    for params in ({}, {"download": True}, {"match": "x"}):
        answer = await api("GET", "/api/services/web/logs", params=params)
        assert (answer.status, answer.code) == (503, "docker_unreachable")


async def test_a_service_that_never_ran_has_no_lines_and_an_unknown_one_is_404(api: Api) -> None:
    await api.create("web")
    assert (await api.get("/api/services/web/logs")) == {
        "items": [],
        "incomplete": [],
        "reaches_back_to": None,
    }
    assert (await api("GET", "/api/services/nobody/logs")).status == 404


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ({"stream": "stderr"}, ["two"]),
        ({"stream": "stdout"}, ["one", "three"]),
        ({"match": "THRE"}, ["three"]),
        ({"match": "t.o"}, []),
        ({"match": "/t.o/"}, ["two"]),
        ({"match": "/^T/"}, []),
        ({"match": "/^T/i"}, ["two", "three"]),
        ({"match": "/e$/", "tail": 1}, ["three"]),
        ({"match": "e", "stream": "stdout", "tail": 1}, ["three"]),
    ],
)
async def test_lines_are_filtered_by_stream_and_text_before_the_tail_is_cut(
    api: Api, query: dict[str, object], lines: list[str]
) -> None:
    await api.run("web", command=SHELL)
    page = await api.get("/api/services/web/logs", **query)
    assert [item["line"] for item in page["items"]] == lines


@pytest.mark.parametrize("match", ["/(/", "/(?=a)/", r"/(a)\1/", "/a{1000}{1000}/"])
async def test_an_expression_that_cannot_run_in_linear_time_is_refused_by_name(api: Api, match: str) -> None:
    await api.create("web")
    for path in ("/api/services/web/logs", "/api/services/web/logs/stream"):
        answer = await api("GET", path, params={"match": match})
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "match")


async def test_an_evil_expression_on_a_long_line_costs_no_time(api: Api) -> None:
    await api.run("web", command=["sh", "-c", "printf 'a%.0s' $(seq 60000); echo b; sleep 1000"])
    with anyio.fail_after(5):
        page = await api.get("/api/services/web/logs", match="/(a+)+$/")
    assert page["items"] == []


async def test_what_is_filtered_is_downloaded_as_a_text_file(api: Api) -> None:
    await api.run("web", command=SHELL, constraints=["node.hostname == worker-1"])
    answer = await api.app.client.get(
        "/api/services/web/logs", params={"download": "1", "stream": "stdout", "tail": 50_000}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="web-')
    page = await api.get("/api/services/web/logs", stream="stdout")
    told = [f"{i['task']} {i['node']} {i['stream']} {i['line']}" for i in page["items"]]
    assert [line.partition(" ")[2] for line in answer.text.splitlines()] == told
    times = [line.partition(" ")[0] for line in answer.text.splitlines()]
    assert [t[:19] for t in times] == [item["time"][:19] for item in page["items"]]
    bare = await api.app.client.get(
        "/api/services/web/logs", params={"download": "1", "stream": "stdout", "timestamps": "0"}
    )
    assert bare.text.splitlines() == told


async def test_a_download_says_which_nodes_are_missing(api: Api, engine: FakeEngine) -> None:
    await api.run("web", replicas=3, command=SHELL)
    engine.power_off("worker-2", noticed=False)
    answer = await api.app.client.get("/api/services/web/logs", params={"download": "1"})
    assert answer.text.startswith("# worker-2 did not answer in time")


async def test_a_service_that_only_the_swarm_knows_has_lines_too(api: Api, engine: FakeEngine) -> None:
    await api.run("web", command=SHELL)
    assert (await api("DELETE", "/api/services/web", params={"force": "true"})).status == 204
    assert len((await api.get("/api/services/web/logs"))["items"]) == 3
