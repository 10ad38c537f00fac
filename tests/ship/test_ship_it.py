"""From a checkout to a running orchestrator and on, by the brief's own scripts and over SSH.

A machine of the lab stands for the laptop: it has the checkout, docker, ssh and bash. The tests tell one
story in order.
"""

import os
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.server import eventually
from lab import Lab, Shape
from lab.base_images import load_base_images
from lab.host import unsuitable
from lab.ssh import SshServer
from tests.fakes.lab_fixture import clear_dead_runs
from tests.ship.deployed import (
    MANAGER,
    OTHER_MANAGER,
    PORT,
    SERVICE,
    Page,
    container,
    container_label,
    names,
    on_manager,
    push_changed_image,
    push_older_image,
    run_on,
)
from tests.ship.laptop import USER, Laptop

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

PASSWORD = "correct horse battery staple"
# Where two cores are busy with other labs, packages take their time.
# Sends a request as it is given, over the socket that the orchestrator has, and prints its status.
ASK = """
import http.client, socket, sys
class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/engine/docker.sock")
engine = Engine("docker")
engine.request(*sys.argv[1:])
print(engine.getresponse().status)
"""
NOT_OURS = (
    "POST /v1.41/containers/create",
    "GET /v1.41/containers/json",
    "GET /containers/json",
    "GET /v1.41//nodes",
    "GET /v1.41/services/../containers/json",
    "GET /v1.41/services/%2e%2e/containers/json",
    "GET /v1.41/images/x/../../containers/json",
    "POST /v1.41/swarm/leave",
    "PUT /v1.41/nodes",
)
BUILD_WITHIN = 700.0
DEPLOY_WITHIN = 240.0


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if reason := unsuitable():
        pytest.skip(reason)
    clear_dead_runs()
    with Lab(f"test-{os.getpid()}-ship", shape=Shape(managers=3, workers=1)) as lab:
        yield lab


@pytest.fixture(scope="module")
def laptop(lab: Lab) -> Laptop:
    laptop = Laptop(lab.node("worker-1"))
    laptop.copy_checkout()
    load_base_images(laptop.node, print)
    laptop.make_key()
    for name in (MANAGER, OTHER_MANAGER):
        server = SshServer(lab.node(name).machine)
        server.start()
        laptop.is_known_to(server)
        # As on any machine: root's, and open to a group whose number only that machine knows.
        run_on(lab, name, "chgrp", "docker", "/run/docker.sock")
        run_on(lab, name, "install", "-d", "-o", USER, "/srv/projects")
    return laptop


@pytest.fixture(scope="module")
def page(lab: Lab) -> Page:
    return Page(lab)


def test_setup_writes_what_the_scripts_need(lab: Lab, laptop: Laptop) -> None:
    done = laptop.run(
        "./setup.sh",
        "--non-interactive",
        f"--manager-ssh={USER}@{lab.node(MANAGER).address}",
        "--registry-host",
        lab.registry.host,
        "--app-port",
        str(PORT),
        "--projects-host-path",
        "/srv/projects",
    )
    assert f"ok: the registry answers at {lab.registry_url}" in done.output
    assert "is a swarm manager" in done.output
    assert "warning" not in done.output
    assert (laptop.checkout / ".env").stat().st_mode & 0o777 == 0o600
    assert (laptop.checkout / ".mcp.json").exists()


def test_before_anything_is_deployed_the_commands_say_so(laptop: Laptop) -> None:
    for command in ("update", "stop", "start", "logs", "status"):
        done = laptop.tries("./deploy.sh", command)
        assert done.code == 1, done
        assert "run ./deploy.sh deploy" in done.output
    assert "there is no stack" in laptop.run("./deploy.sh", "remove").output


def test_what_is_not_there_is_named(lab: Lab, laptop: Laptop) -> None:
    registry = laptop.tries(
        "./deploy.sh", "build", REGISTRY_HOST="127.0.0.1:1", REGISTRY_URL="http://127.0.0.1:1"
    )
    assert registry.code == 1
    assert "the registry does not answer at http://127.0.0.1:1/v2/" in registry.output
    machine = laptop.tries(
        "./deploy.sh", "status", SWARM_MANAGER_SSH=f"{USER}@{lab.registry.machine.address}"
    )
    assert machine.code == 1
    assert f"cannot reach {USER}@{lab.registry.machine.address} by SSH" in machine.output
    image = laptop.tries("./deploy.sh", "deploy", IMAGE_TAG="never-pushed")
    assert image.code == 1
    assert "the manager cannot pull" in image.output
    assert "never-pushed" in image.output


def test_build_pushes_an_image_that_deploy_brings_up(lab: Lab, laptop: Laptop, page: Page) -> None:
    built = laptop.run("./deploy.sh", "build", within=BUILD_WITHIN)
    assert f"pushed {lab.registry.host}/swarm-orchestrator:latest for linux/amd64" in built.output

    deployed = laptop.run("./deploy.sh", "deploy", within=DEPLOY_WITHIN)

    assert f"Swarm Orchestrator runs at {page.url}" in deployed.output
    assert page.get("/api/health")["status"] == "ok"
    assert '<div id="root">' in page.get("/")
    assert page.call("GET", "/api/services")[0] == 401
    link = re.search(r"(http://\S+)/setup#code=(\S+)", deployed.output)
    assert link, deployed
    assert link[1] == page.url
    status, _, cookie = page.call("POST", "/api/setup", {"code": link[2], "password": PASSWORD})
    assert status == 201
    session = {"Cookie": cookie.partition(";")[0], "Origin": page.url}
    status, token, _ = page.call("POST", "/api/tokens", {"name": "test"}, **session)
    assert status == 201, token
    page.token = token["token"]


def test_it_runs_as_nobody_on_a_root_file_system_that_is_read_only(lab: Lab) -> None:
    inside = container(lab)
    assert inside("id", "-u").strip() == "10001"
    assert "Read-only" in inside("sh", "-c", "touch /opt/x 2>&1; true")
    assert not inside("sh", "-c", "grep CapEff /proc/1/status").split()[1].strip("0")


def test_a_service_is_deployed_through_it(lab: Lab, page: Page) -> None:
    definition = {
        "image": "${REGISTRY_HOST}/hello-world:1",
        "ports": [{"target": 80, "published": 8086, "mode": "host"}],
    }
    status, answer, _ = page.call("POST", "/api/services", {"name": "greeter", "definition": definition})
    assert status == 201, answer
    status, answer, _ = page.call("POST", "/api/services/greeter/deploy?wait=60")
    assert status == 200, answer
    assert answer["state"] == "succeeded", answer


def test_update_runs_what_was_pushed_meanwhile_and_keeps_the_state(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    push_changed_image(laptop, lab, "latest", 'LABEL test="second"')

    updated = laptop.run("./deploy.sh", "update", within=DEPLOY_WITHIN)

    assert f"runs at {page.url}" in updated.output
    assert "setup#code" not in updated.output
    assert container_label(lab, "test") == "second"
    assert names(page) == ["greeter"]


def test_a_version_that_does_not_run_is_told_as_such_and_the_old_one_comes_back(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    push_changed_image(laptop, lab, "broken", 'ENTRYPOINT ["sh", "-c", "echo no such luck; exit 3"]')

    failed = laptop.tries("./deploy.sh", "deploy", IMAGE_TAG="broken", within=DEPLOY_WITHIN)

    assert failed.code == 1, failed
    assert "no such luck" in failed.output
    assert "exit (3)" in failed.output
    eventually(lambda: page.call("GET", "/api/health")[0] == 200, within=120)
    assert names(page) == ["greeter"]


def test_an_image_for_another_architecture_is_refused_before_anything_is_touched(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    image = f"{lab.registry.host}/swarm-orchestrator"
    dockerfile = (
        f"FROM --platform=linux/amd64 {image} AS ours\\nFROM scratch\\nCOPY --from=ours /etc/os-release /\\n"
    )
    build = f"printf '{dockerfile}' | docker buildx build --platform linux/arm64 --push -t {image}:arm -"
    laptop.run("sh", "-c", build, within=120)

    refused = laptop.tries("./deploy.sh", "deploy", IMAGE_TAG="arm", within=DEPLOY_WITHIN)

    assert refused.code == 1
    assert "is for arm64 and the manager is amd64" in refused.output
    assert "PLATFORM=linux/amd64 ./deploy.sh build" in refused.output
    assert page.get("/api/health")["status"] == "ok"


def test_a_secret_of_the_swarm_lets_somebody_in_without_a_person(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    token = secrets.token_hex(32)
    manager = f"{USER}@{lab.node(MANAGER).address}"
    laptop.run("ssh", manager, f"printf {token} | docker secret create orchestrator_token -")

    laptop.run("./deploy.sh", "deploy", within=DEPLOY_WITHIN)

    stranger = Page(lab)
    assert stranger.call("GET", "/api/services")[0] == 401
    stranger.token = token
    assert names(stranger) == names(page) == ["greeter"]
    assert container(lab)("stat", "-c", "%u %a", "/run/secrets/orchestrator_token").split() == [
        "10001",
        "400",
    ]
    assert token not in on_manager(lab, "docker", "service", "inspect", SERVICE)


def test_behind_the_socket_filter_everything_works_and_nothing_else_is_let_through(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    image = f"{lab.registry.host}/nginx:1"
    # It holds nginx, as any image of Debian may; and its layers are in the registry already.
    laptop.run("sh", "-c", f"docker tag python:3.12-slim {image} && docker push -q {image}", within=120)
    laptop.run("./deploy.sh", "deploy", SOCKET_FILTER="true", SOCKET_FILTER_IMAGE=image, within=DEPLOY_WITHIN)
    eventually(lambda: page.call("GET", "/api/nodes")[0] == 200, within=60)

    assert len(page.get("/api/nodes")["items"]) == 4
    for act in ("scale?wait=60", "restart?wait=60"):
        body = {"replicas": 2} if act.startswith("scale") else None
        status, answer, _ = page.call("POST", f"/api/services/greeter/{act}", body)
        assert (status, answer["state"]) == (200, "succeeded"), answer
    eventually(lambda: page.get("/api/services/greeter/logs")["items"], within=30)
    assert built_of_a_folder(lab, page)["state"] == "succeeded"

    inside = container(lab)
    assert inside("stat", "-c", "%F", "/var/run/docker.sock").strip() == "character special file"
    assert inside("python", "-c", ASK, "GET", "/v1.41/nodes").strip() == "200"
    for call in NOT_OURS:
        assert inside("python", "-c", ASK, *call.split()).strip() == "403", call
    refused = on_manager(lab, "docker", "service", "logs", "--raw", "orchestrator_engine")
    assert "refused: POST /v1.41/containers/create" in refused

    laptop.run("./deploy.sh", "deploy", within=DEPLOY_WITHIN)
    assert "orchestrator_engine" not in on_manager(lab, "docker", "service", "ls")
    assert names(page) == ["greeter"]


def test_a_backup_is_restored_by_the_lines_of_the_guide(lab: Lab, laptop: Laptop, page: Page) -> None:
    manager = f"{USER}@{lab.node(MANAGER).address}"
    app = "app=$(docker ps -q --filter label=com.docker.swarm.service.name=orchestrator_app)"
    backup = """docker exec "$app" sh -c 'cat "$(swarm-orchestrator backup)"' >swarm.zip"""
    laptop.run("ssh", manager, f"{app}; {backup}")
    definition = {"image": "${REGISTRY_HOST}/hello-world:1"}
    status, answer, _ = page.call("POST", "/api/services", {"name": "too-late", "definition": definition})
    assert status == 201, answer

    laptop.run("./deploy.sh", "stop", within=DEPLOY_WITHIN)
    image = f"{lab.registry.host}/swarm-orchestrator"
    restore = f"docker run --rm -i -v orchestrator_state:/data {image} restore - <swarm.zip"
    laptop.run("ssh", manager, restore)
    laptop.run("./deploy.sh", "start", within=DEPLOY_WITHIN)

    assert names(page) == ["greeter"]


def test_an_upgrade_over_three_schemas_loses_nothing_and_the_way_back_is_told(
    lab: Lab, laptop: Laptop
) -> None:
    image = f"{lab.registry.host}/swarm-orchestrator"
    older = push_older_image(laptop, lab)
    token = secrets.token_hex(32)
    run = (
        'docker run --name it --user "10001:$(stat -c %g /var/run/docker.sock)" --read-only --tmpfs /tmp '
        "--network host -v /var/run/docker.sock:/var/run/docker.sock -v upgraded:/data "
        f"-e APP_PORT={PORT + 1} -e ORCHESTRATOR_TOKEN={token} -e ORCHESTRATOR_ALLOWED_HOSTS="
        f"{lab.node(MANAGER).address} -e REGISTRY_HOST={lab.registry.host}"
    )
    page = Page(lab, port=PORT + 1)
    page.token = token
    on_manager(lab, "sh", "-c", f"{run} -d {older}")
    eventually(lambda: page.call("GET", "/api/services")[0] == 200, within=60)
    for name in ("first", "second"):
        definition = {"image": "${REGISTRY_HOST}/hello-world:1"}
        status, answer, _ = page.call("POST", "/api/services", {"name": name, "definition": definition})
        assert status == 201, answer
    assert page.call("POST", "/api/services/first/deploy?wait=60")[1]["state"] == "succeeded"
    on_manager(lab, "docker", "rm", "-f", "it")

    on_manager(lab, "sh", "-c", f"{run} -d {image}")
    eventually(lambda: page.call("GET", "/api/services")[0] == 200, within=60)
    assert names(page)[:2] == ["first", "second"]
    assert page.get("/api/services/first/revisions")["items"][0]["author"]
    assert page.get("/api/deployments?service=first")["items"][0]["state"] == "succeeded"
    assert [backup["reason"] for backup in page.get("/api/backups")["items"]] == ["before-upgrade"]
    assert page.call("DELETE", "/api/services/first?force=true")[0] == 204
    on_manager(lab, "docker", "rm", "-f", "it")

    back = laptop.tries("ssh", f"{USER}@{lab.node(MANAGER).address}", f"{run} --rm {older}")
    assert back.code != 0
    assert "written by a newer version" in back.output


def test_stop_pauses_it_and_start_brings_it_back(laptop: Laptop, page: Page) -> None:
    laptop.run("./deploy.sh", "stop", within=DEPLOY_WITHIN)
    assert page.call("GET", "/api/health")[0] == 0
    assert laptop.tries("./deploy.sh", "status").code == 1

    laptop.run("./deploy.sh", "start", within=DEPLOY_WITHIN)

    assert names(page) == ["greeter"]
    status = laptop.run("./deploy.sh", "status")
    assert "Running" in status.output
    assert SERVICE in status.output


def test_logs_shows_what_it_writes(laptop: Laptop) -> None:
    assert "Swarm Orchestrator" in laptop.run("./deploy.sh", "logs", "--tail", "50").output


def test_redeploy_is_the_whole_cycle_and_remove_leaves_the_state(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    again = laptop.run("./deploy.sh", "redeploy", within=BUILD_WITHIN + DEPLOY_WITHIN)
    assert "removed" in again.output
    assert container_label(lab, "test") == ""
    assert names(page) == ["greeter"]

    laptop.run("./deploy.sh", "remove", within=DEPLOY_WITHIN)

    assert on_manager(lab, "docker", "stack", "ls", "--format", "{{.Name}}") == ""
    assert on_manager(lab, "docker", "network", "ls", "-q", "--filter", "name=orchestrator_") == ""
    assert on_manager(lab, "docker", "volume", "ls", "-q", "--filter", "name=orchestrator_state")


def test_the_briefs_manual_lines_work_on_the_manager(lab: Lab, laptop: Laptop, page: Page) -> None:
    manager = f"{USER}@{lab.node(MANAGER).address}"
    laptop.run("scp", "-q", "docker-compose.prod.yml", f"{manager}:~/swarm-orchestrator-stack.yml")
    deploy = "docker stack deploy --resolve-image never -c ~/swarm-orchestrator-stack.yml orchestrator"

    bare = laptop.tries("ssh", manager, deploy)
    assert bare.code != 0
    assert (
        "REGISTRY_HOST" in bare.output or "DOCKER_GID" in bare.output or "PROJECTS_HOST_PATH" in bare.output
    )

    exports = f"export REGISTRY_HOST={lab.registry.host} PROJECTS_HOST_PATH=/srv/projects APP_PORT={PORT}"
    group = "export DOCKER_GID=$(stat -c %g /var/run/docker.sock)"
    # The other managers have no such group and no such folder, and another state.
    there = f"export ORCHESTRATOR_CONSTRAINT='node.hostname == {MANAGER}'"
    laptop.run("ssh", manager, f"{exports}; {group}; {there}; {deploy}")
    eventually(lambda: page.call("GET", "/api/health")[0] == 200, within=120)
    push_changed_image(laptop, lab, "latest", 'LABEL test="by hand"')
    laptop.run("ssh", manager, f"docker service update --force {SERVICE}", within=DEPLOY_WITHIN)
    eventually(lambda: page.call("GET", "/api/services")[0] == 200, within=120)
    assert container_label(lab, "test") == "by hand"
    assert names(page) == ["greeter"]


def test_when_the_manager_is_lost_it_comes_back_on_another_with_its_catalog(
    lab: Lab, laptop: Laptop, page: Page
) -> None:
    manager = f"{USER}@{lab.node(MANAGER).address}"
    secret = "openssl rand -base64 32 | docker secret create orchestrator_state_key -"
    laptop.run("ssh", manager, secret)
    laptop.run("./deploy.sh", "deploy", within=DEPLOY_WITHIN)
    eventually(lambda: is_copied(page), within=60)

    lab.power_off(MANAGER)
    eventually(lambda: has_leader(lab), within=60)
    other = f"{USER}@{lab.node(OTHER_MANAGER).address}"
    there = f"node.hostname == {OTHER_MANAGER}"
    deployed = laptop.run(
        "./deploy.sh", "deploy", SWARM_MANAGER_SSH=other, ORCHESTRATOR_CONSTRAINT=there, within=DEPLOY_WITHIN
    )

    again = Page(lab, OTHER_MANAGER)
    assert f"runs at {again.url}" in deployed.output
    assert "setup#code" not in deployed.output, "the users are there, too"
    again.token = page.token
    assert names(again) == ["greeter"]


def built_of_a_folder(lab: Lab, page: Page) -> Any:
    recipe = f"FROM {lab.registry.host}/hello-world:1\\nCOPY Dockerfile /\\n"
    on_manager(
        lab, "sh", "-c", f"mkdir -p /srv/projects/tiny && printf '{recipe}' >/srv/projects/tiny/Dockerfile"
    )
    definition = {"image": "${REGISTRY_HOST}/tiny:1", "build_context": "tiny"}
    assert page.call("POST", "/api/services", {"name": "tiny", "definition": definition})[0] == 201
    status, build, _ = page.call("POST", "/api/services/tiny/build")
    assert status == 202, build
    ended = eventually(
        lambda: next(
            (now for now in [page.get(f"/api/builds/{build['id']}")] if now["finished_at"] is not None), None
        ),
        within=120,
    )
    assert page.call("DELETE", "/api/services/tiny")[0] == 204
    return ended


def is_copied(page: Page) -> bool:
    status, health, _ = page.call("GET", "/api/health/detailed")
    if status != 200:
        return False
    copy = health["state"]["replication"]
    return bool(copy["enabled"] and copy["sequence"] and not copy["unreplicated_revisions"])


def has_leader(lab: Lab) -> bool:
    nodes = lab.swarm_nodes()
    return any(node.get("ManagerStatus", {}).get("Leader") for node in nodes) and all(
        node["Status"]["State"] == "down" for node in nodes if node["Description"]["Hostname"] == MANAGER
    )
