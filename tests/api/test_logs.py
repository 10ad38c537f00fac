"""Log lines over the API: merged, cut, filtered, and never waiting for a dead node."""

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


async def test_a_service_that_never_ran_has_no_lines_and_an_unknown_one_is_404(api: Api) -> None:
    await api.create("web")
    assert (await api.get("/api/services/web/logs")) == {"items": [], "incomplete": []}
    assert (await api("GET", "/api/services/nobody/logs")).status == 404
