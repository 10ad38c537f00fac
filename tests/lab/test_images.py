"""The lab's images on real engines: on 26.1, or on every generation that `CONTRACT_ENGINES` names."""

import json
import os
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest

from lab import Lab, Shape
from lab.images import lab_images
from lab.waiting import wait_until
from tests.lab.conftest import lab_name
from tests.lab.docker import docker

pytestmark = [pytest.mark.lab, pytest.mark.engines]
_ENGINES = os.environ.get("CONTRACT_ENGINES", "trixie").split(",")
_PORT = 18080


@pytest.fixture(scope="module", params=_ENGINES)
def any_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    suite = str(request.param)
    with Lab(lab_name(f"images-{suite}"), shape=Shape(managers=1, workers=1, engine=suite)) as lab:
        yield lab


def page(address: str, port: int = _PORT) -> str:
    with urllib.request.urlopen(f"http://{address}:{port}/", timeout=5) as response:
        return str(response.read().decode())


def service(lab: Lab, name: str, image: str, *options: str) -> None:
    docker(lab, "service", "create", "-d", "--name", name, *options, f"{lab.registry.host}/{image}")


def last_task(lab: Lab, name: str) -> str:
    return docker(lab, "service", "ps", name, "--format", "{{.CurrentState}} {{.Error}}", "--no-trunc")


def test_hello_world_answers_on_every_node_and_says_where_it_runs(any_lab: Lab) -> None:
    port = f"mode=host,published={_PORT},target=80"
    names = ["--env", "NODE={{.Node.Hostname}}", "--env", "TASK={{.Task.Name}}"]
    service(any_lab, "web", "hello-world:1", "--mode", "global", "--publish", port, *names)
    for node in any_lab.nodes:
        text = wait_until(partial(page, node.address), seconds=90, what=f"the page on {node.name}")
        assert f"node: <b>{node.name}</b>" in text
        assert "task: <b>web." in text
        assert "version: <b>1</b>" in text
    image = f"{any_lab.registry.host}/hello-world:2"
    docker(any_lab, "service", "update", "-d", "--image", image, "web")
    wait_until(
        lambda: any("version: <b>2</b>" in page(node.address) for node in any_lab.nodes),
        seconds=90,
        what="version 2 on the first node that is updated",
    )
    docker(any_lab, "service", "rm", "web")


def test_hello_world_renders_with_plain_defaults_and_read_only(any_lab: Lab) -> None:
    port = f"mode=host,published={_PORT + 1},target=80"
    on_worker = ["--constraint", "node.role==worker", "--hostname", "plain"]
    service(any_lab, "plain", "hello-world", "--read-only", "--publish", port, *on_worker)
    text = wait_until(lambda: page(any_lab.nodes[1].address, _PORT + 1), seconds=90, what="the page")
    assert "node: <b>plain</b>" in text
    assert "version: <b>latest</b>" in text
    docker(any_lab, "service", "rm", "plain")


def test_batch_completes_crasher_fails_and_multi_picks_its_platform(any_lab: Lab) -> None:
    service(any_lab, "batch", "batch", "--mode", "replicated-job")
    service(any_lab, "crasher", "crasher", "--restart-condition", "none")
    service(any_lab, "multi", "multi", "--replicas", "2")
    wait_until(
        lambda: last_task(any_lab, "batch").startswith("Complete"), seconds=90, what="a complete batch"
    )
    wait_until(lambda: "non-zero exit (3)" in last_task(any_lab, "crasher"), seconds=90, what="a crash")
    wait_until(
        lambda: last_task(any_lab, "multi").count("Running") == 2, seconds=90, what="two tasks of multi"
    )
    assert "batch wrote 3 lines" in docker(any_lab, "service", "logs", "batch")


def test_multi_has_two_platforms_in_the_registry(any_lab: Lab) -> None:
    kind = "application/vnd.docker.distribution.manifest.list.v2+json"
    request = urllib.request.Request(
        f"{any_lab.registry_url}/v2/multi/manifests/latest", headers={"Accept": kind}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        manifests = json.loads(response.read())["manifests"]
    assert {entry["platform"]["architecture"] for entry in manifests} == {"amd64", "arm64"}


def test_a_manifest_can_be_deleted(any_lab: Lab) -> None:
    accept = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    where = f"{any_lab.registry_url}/v2/crasher/manifests"
    with urllib.request.urlopen(
        urllib.request.Request(f"{where}/latest", headers=accept), timeout=5
    ) as found:
        digest = found.headers["Docker-Content-Digest"]
    delete = urllib.request.Request(f"{where}/{digest}", method="DELETE")
    with urllib.request.urlopen(delete, timeout=5) as response:
        assert response.status == 202


def test_the_same_files_make_the_same_images(any_lab: Lab) -> None:
    busybox = any_lab.nodes[0].machine.rootfs / "bin" / "busybox"
    digests = [[image.manifests[-1][1].digest for image in lab_images(busybox)] for _ in range(2)]
    assert digests[0] == digests[1]
    assert len(set(digests[0])) == len(digests[0])
