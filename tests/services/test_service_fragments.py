"""When a list's piece of JSON is made anew, and when not."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.database import Database
from backend.models.cluster import Node, Service, SwarmInfo, Task
from backend.services.catalog import Catalog
from backend.services.cluster_state import ClusterState
from backend.services.look import Look
from backend.services.service_fragments import Fragment, ServiceFragments
from backend.services.service_views import ServiceViews
from tests import cluster_objects

INFO = SwarmInfo("cluster", "n1", "active", True, "", "26.1.5", "1.45")


class Picture:
    """Fragments over a picture that tests change."""

    def __init__(self, folder: Path) -> None:
        self.state = ClusterState()
        catalog = Catalog(folder, Database(folder / "unopened.db"))
        views = ServiceViews(cluster=self.state, registry_host="", ever_deployed=set())
        self.fragments = ServiceFragments(cluster=self.state, catalog=catalog, views=views)

    def shows(self, nodes: Sequence[Node], services: Sequence[Service], tasks: Sequence[Task]) -> None:
        self.state.apply(Look(INFO, nodes, services, tasks, [], [], []), began_at=time.monotonic())

    def of(self, name: str) -> Fragment:
        return self.fragments.of(name, None, self.state.services[name])


def service(name: str) -> Service:
    return cluster_objects.service(id=f"id-{name}", name=name)


def task(of: Service, state: str, *, ago: float = 300, **changes: Any) -> Task:
    then = datetime.now(UTC) - timedelta(seconds=ago)
    times = {"created_at": then, "state_changed_at": then}
    made: dict[str, Any] = {"id": f"{of.name}-{state}", "service_id": of.id, **times, **changes}
    return cluster_objects.task(1, state, **made)


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    return Picture(tmp_path)


def test_a_look_that_finds_nothing_new_keeps_every_fragment(picture: Picture) -> None:
    web, node = service("web"), cluster_objects.node("n1")
    picture.shows([node], [web], [task(web, "running")])
    before, generation = picture.of("web"), picture.fragments.generation
    picture.shows([node], [web], [task(web, "running")])
    assert picture.of("web") is before
    assert picture.fragments.generation == generation


def test_a_changed_task_makes_the_fragment_of_its_service_anew_and_no_other(picture: Picture) -> None:
    web, db, node = service("web"), service("db"), cluster_objects.node("n1")
    picture.shows([node], [web, db], [task(web, "running"), task(db, "running")])
    before, generation = {name: picture.of(name) for name in ("web", "db")}, picture.fragments.generation
    failed = task(web, "failed", id="web-running", version=2, desired="shutdown", exit_code=3)
    picture.shows([node], [web, db], [failed, task(db, "running")])
    assert picture.of("db") is before["db"]
    assert picture.of("web").status.status == "failed"
    assert b"code 3" in picture.of("web").encoded
    assert picture.fragments.generation != generation


def test_a_node_that_does_not_answer_makes_the_fragments_of_what_runs_there_anew(picture: Picture) -> None:
    web, db = service("web"), service("db")
    nodes = [cluster_objects.node("n1"), cluster_objects.node("n2")]
    tasks = [task(web, "running"), task(db, "running", node_id="id-n2")]
    picture.shows(nodes, [web, db], tasks)
    before = {name: picture.of(name) for name in ("web", "db")}
    picture.shows([nodes[0], cluster_objects.node("n2", state="down", version=2)], [web, db], tasks)
    assert picture.of("web") is before["web"]
    assert picture.of("db").status.reason == "node_down"


@pytest.mark.alone
def test_what_time_alone_will_change_is_never_kept(picture: Picture) -> None:
    web, node = service("web"), cluster_objects.node("n1")
    crashed = task(web, "failed", ago=20, desired="shutdown", exit_code=1)
    picture.shows([node], [web], [crashed, task(web, "running", ago=9.9)])
    fragment = picture.of("web")
    assert fragment.passes
    assert fragment.status.reason == "restarting"
    deadline = time.monotonic() + 5
    while picture.of("web").passes and time.monotonic() < deadline:
        pass
    assert picture.of("web").status.status == "running"
