"""What Prometheus is told, and that alerts and dashboard ask for nothing else."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from backend.models.actor import SYSTEM
from backend.services import metrics
from tests.api.api_calls import Api
from tests.api.app_fixture import running_app
from tests.api.live_server import live_server
from tests.eventually import eventually
from tests.fakes.fake_engine import FakeEngine

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
OWN = re.compile(r"\b(?:swarm|orchestrator|process)_[a-z_]+\b")


type Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(api: Api) -> Samples:
    answer = await api.app.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


async def test_services_tasks_nodes_and_managers_are_as_the_page_shows_them(
    api: Api, engine: FakeEngine
) -> None:
    await api.run("web", replicas=3)
    await api.create("idle")
    samples = await scraped(api)
    assert value(samples, "swarm_engine_up") == 1
    assert value(samples, "swarm_service_replicas_desired", service="web") == 3
    assert value(samples, "swarm_service_replicas_running", service="web") == 3
    assert value(samples, "swarm_service_replicas_desired", service="idle") == 0
    assert value(samples, "swarm_services", status="running") == 1
    assert value(samples, "swarm_services", status="stopped") == 1
    assert value(samples, "swarm_tasks", state="running") == 3
    assert value(samples, "swarm_managers") == 1
    assert value(samples, "swarm_quorum_margin") == 0
    worker = {"node": "worker-1", "role": "worker", "availability": "active"}
    assert value(samples, "swarm_node_ready", **worker) == 1

    engine.power_off("worker-1")

    async def noticed() -> bool:
        return value(await scraped(api), "swarm_node_ready", **worker) == 0

    await eventually(noticed)
    samples = await scraped(api)
    assert value(samples, "swarm_attention", kind="node", severity="warn") or value(
        samples, "swarm_attention", kind="node", severity="bad"
    )


async def test_verdicts_are_counted_once_with_the_time_they_took(api: Api, engine: FakeEngine) -> None:
    engine.add_image(engine.image("broken"), program="exit 3")
    await api.run("web")
    await api.create("bad", image="${REGISTRY_HOST}/broken", restart_policy={"condition": "none"})
    await api.verdict(await api.act("bad", "deploy"))

    async def counted() -> bool:
        return value(await scraped(api), "orchestrator_deployment_seconds_count", kind="deploy") == 2

    await eventually(counted)
    samples = await scraped(api)
    assert value(samples, "orchestrator_deployments_total", kind="deploy", result="succeeded") == 1
    assert value(samples, "orchestrator_deployments_total", kind="deploy", result="failed") == 1


async def test_calls_of_the_engine_are_timed_by_what_was_asked_for(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    samples = await scraped(api)
    for call in ("GET services", "GET tasks", "POST services"):
        assert (value(samples, "orchestrator_engine_call_seconds_count", call=call, outcome="ok") or 0) > 0
    calls = {dict(labels)["call"] for name, labels in samples if name.startswith("orchestrator_engine_call")}
    assert all(re.fullmatch(r"(GET|POST|DELETE) [a-z_]+", call) for call in calls), calls

    await engine.stop()

    async def failing() -> bool:
        found = await scraped(api)
        return any(
            name == "orchestrator_engine_call_seconds_count" and dict(labels)["outcome"] == "failed"
            for name, labels in found
        )

    await eventually(failing)

    async def away() -> bool:
        return value(await scraped(api), "swarm_engine_up") == 0

    await eventually(away)
    await engine.start()


async def test_requests_are_counted_by_pattern_and_strangers_make_no_series(api: Api) -> None:
    await api.create("web")
    for _ in range(3):
        await api.get("/api/services/web")
    async with api.app.visitor() as visitor:
        for number in range(50):
            await visitor.get(f"/api/nothing/{number}")
            await visitor.get(f"/api/services/stranger-{number}")
    for number in range(50):
        await api("GET", f"/api/services/unknown-{number}")
        await api.app.client.request(f"ODD{number}", "/api/services")
    samples = await scraped(api)
    by = {"method": "GET", "route": "/api/services/{name}"}
    assert value(samples, "orchestrator_http_requests_total", status="2xx", **by) == 3
    assert value(samples, "orchestrator_http_requests_total", status="4xx", **by) == 50
    assert (value(samples, "orchestrator_http_request_seconds_count", **by) or 0) == 53
    series = [labels for name, labels in samples if name == "orchestrator_http_requests_total"]
    assert len(series) < 20, series
    assert "stranger" not in str(series)


async def test_open_streams_are_counted_until_they_end(engine: FakeEngine, tmp_path: Path) -> None:
    async with live_server(tmp_path, engine.docker_host, engine.registry_host) as server:

        async def streams() -> dict[str, float]:
            _, text = await server.call("GET", "/metrics")
            return {
                sample.labels["route"]: sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == "orchestrator_streams"
            }

        async def are(count: int) -> bool:
            return (await streams()).get("/api/events", 0) == count

        async with server.stream("/api/events"), server.stream("/api/events"):
            await eventually(partial(are, 2))
        await eventually(partial(are, 0))


async def test_more_services_than_a_thousand_share_one_series(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST_SERVICES", 2)
    for number in range(5):
        await api.create(f"service-{number}")
    samples = await scraped(api)
    named = [dict(labels)["service"] for name, labels in samples if name == "swarm_service_replicas_desired"]
    assert sorted(named) == ["(others)", "service-0", "service-1"]


async def test_a_scrape_calls_no_engine(api: Api, engine: FakeEngine) -> None:
    await api.run("web")
    engine.freeze()
    await scraped(api)
    engine.thaw()


async def test_it_needs_a_token_and_reading_is_enough(api: Api) -> None:
    async with api.app.visitor() as visitor:
        assert (await visitor.get("/metrics")).status_code == 401
        _, token = await api.app.context.access.tokens.create(
            SYSTEM, "prometheus", expires_in=None, scope="read"
        )
        answer = await visitor.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


# What ships with it -------------------------------------------------------------------------------------


def in_alerts() -> list[str]:
    groups = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 10
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    return [rule["expr"] + str(rule["annotations"]) for rule in rules]


def in_dashboard() -> list[str]:
    dashboard = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 10
    return [target["expr"] for panel in panels for target in panel["targets"]]


def in_guide() -> list[str]:
    return (ROOT / "docs" / "guide" / "monitoring.md").read_text().splitlines()


@pytest.mark.parametrize("wanted", [in_alerts, in_dashboard, in_guide])
async def test_every_metric_that_is_named_exists(
    engine: FakeEngine, tmp_path: Path, wanted: Callable[[], list[str]]
) -> None:
    key = tmp_path / "state.key"
    key.write_text("A" * 43 + "=")
    async with running_app(
        tmp_path / "app",
        docker_host=engine.docker_host,
        registry_url=f"http://{engine.registry_host}",
        orchestrator_state_key_file=key,
    ) as running:
        api = Api(running)
        await eventually(lambda: running.context.cluster.as_of is not None)
        await api("POST", "/api/backups")
        await api.run("web")
        engine.power_off("worker-1")
        running.context.meters.stream_opened("/api/events")

        async def names() -> set[str]:
            return {name for name, _ in await scraped(api)}

        async def everything() -> bool:
            return {"orchestrator_deployment_seconds_bucket", "swarm_attention"} <= await names()

        await eventually(everything)
        present = await names()
    named = {name for text in wanted() for name in OWN.findall(text)} - {"process_", "swarm_"}
    assert named
    assert {name for name in named if not exists(name, present)} == set()


def exists(name: str, present: set[str]) -> bool:
    return name in present or f"{name}_bucket" in present
