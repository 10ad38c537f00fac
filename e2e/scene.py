"""A small shop with a bit of everything: what runs, moves, waits and fails, what was built, and who did it.

One scene for the pictures in the documents and for the tests that look at every page. Nothing in it is made
up: each state is one that a real swarm has got into.
"""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from e2e.server import Server, eventually
from lab import Lab
from lab.images import lab_images

SHOP = Path(__file__).parent / "shop"
STEADY = 150.0
"""Seconds until everything is in the state it shall be shown in, on a busy machine."""
TOKEN = "token-of-the-scene-0123456789abcdef"

PUSHED = {
    "shop/storefront": {"1.3.9": "1", "1.4.0": "2", "latest": "2"},
    "shop/api": {"2.7.1": "1", "2.8.0": "2"},
    "shop/cart": {"0.9.4": "1", "0.9.5": "2"},
    "shop/checkout": {"5.0.2": "1"},
    "shop/payments": {"3.1.0": "1"},
    "shop/search": {"8.2.1": "2"},
    "tools/node-exporter": {"1.9.1": "1"},
    "tools/grafana": {"12.1.0": "2"},
    "ml/whisper": {"large-v3": "1"},
}
"""What lies in the registry besides the lab's images: tags, and which hello-world each of them is."""
NEVER_DEPLOYED = ("legacy-ftp", "thumbnailer", "handbook")
WANTED = {
    "api": {"updating"},
    "cart": {"running"},
    "checkout": {"running"},
    "handbook": {"running"},
    "ingest": {"failed"},
    "legacy-ftp": {"stopped"},
    "nightly-report": {"stopped"},
    "node-exporter": {"running"},
    "payments": {"failed"},
    "search": {"degraded"},
    "storefront": {"running"},
    "thumbnailer": {"stopped"},
    "tools_grafana": {"running"},
    "whisper": {"pending"},
}
"""What each service shall be, and what a reader of the page finds."""


class Scene:
    """The shop on a lab, seen by a server that was made for it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.server = Server(folder, docker_host=lab.docker_host, registry_url=lab.registry_url)
        self.server.with_token(TOKEN)
        shutil.copytree(SHOP / "definitions", self.server.definitions)
        shutil.copytree(SHOP / "projects", self.server.projects)
        _commit(self.server.projects / "handbook")
        self._ids: dict[str, str] = {}

    def build(self) -> None:
        """Bring everything into its state; the server is started here and is the caller's to end."""
        self._push()
        self.server.start()
        eventually(lambda: self.server.call("GET", "/api/nodes").status == 200, within=30)
        laptop, ci = (self._token(name) for name in ("laptop", "ci"))
        agent = self._token("night-watch", scope="operate", confirm=True)
        self._label_nodes()
        self._as(ci)
        built = self._accepted("POST", "/api/services/handbook/build", {"deploy": True})
        failed = self._accepted("POST", "/api/services/thumbnailer/build")
        self._as(laptop)
        names = sorted(path.stem for path in self.server.definitions.glob("*.yaml"))
        deployed = [name for name in names if name not in NEVER_DEPLOYED]
        answer = self.server.call("POST", "/api/deployments", {"action": "deploy", "services": deployed})
        assert answer.status in (200, 202, 207), answer
        self._by_hand()
        for name in ("api", "cart", "checkout"):
            self._until(name, "running")
        self._accepted("POST", "/api/services/cart/scale", {"replicas": 2})
        self._until_built(built["id"], "succeeded")
        self._until_built(failed["id"], "failed")
        self._as(ci)
        self._change("checkout", "replicas: 2", 'replicas: 2\ncommand: [sh, -c, "sleep 1; exit 78"]')
        self._accepted("POST", "/api/services/checkout/deploy")
        for name, wanted in WANTED.items():
            if name not in ("api", "checkout"):
                self._until(name, *wanted)
        self._until_verdict("checkout", "rolled_back")
        self._as(agent)
        answer = self.server.call("POST", "/api/services/cart/stop")
        assert answer.status == 403, answer
        assert answer.body["code"] == "approval_required", answer
        self._as(ci)
        # What keeps moving comes last.
        self._change("api", "shop/api:2.7.1", "shop/api:2.8.0")
        self._accepted("POST", "/api/services/api/deploy")
        self._until("api", *WANTED["api"])
        self._as(TOKEN)

    def newest(self, kind: str, **query: str) -> str:
        """The id of the newest deployment or build that matches."""
        text = "&".join(f"{key}={value}" for key, value in query.items())
        return str(self.server.get(f"/api/{kind}?limit=1&{text}")["items"][0]["id"])

    def _push(self) -> None:
        registry = self.lab.registry
        busybox = registry.machine.rootfs / "bin" / "busybox"
        hello = {image.tag: image for image in lab_images(busybox) if image.repository == "hello-world"}
        registry.push(
            dataclasses.replace(hello[version], repository=repository, tag=tag)
            for repository, tags in PUSHED.items()
            for tag, version in tags.items()
        )

    def _by_hand(self) -> None:
        """What somebody started from a shell, and changed there."""
        image = f"{self.lab.registry.host}/tools/grafana:12.1.0"
        stack = "com.docker.stack.namespace=tools"
        self._docker("service", "create", "--detach", "--name=tools_grafana", f"--label={stack}", image)

    def _docker(self, *arguments: str) -> None:
        command = self.lab.node("manager-1").machine.inside(["docker", *arguments])
        subprocess.run(command, check=True, timeout=60, capture_output=True)

    def _label_nodes(self) -> None:
        for number, node in enumerate(self.server.get("/api/nodes")["items"]):
            labels = {"zone": "ab"[number % 2], "disk": "ssd"}
            answer = self.server.call("PUT", f"/api/nodes/{node['id']}/labels", {"labels": labels})
            assert answer.status == 200, answer

    def _token(self, name: str, **rights: object) -> str:
        answer = self.server.call("POST", "/api/tokens", {"name": name, **rights})
        assert answer.status == 201, answer
        return str(answer.body["token"])

    def _as(self, token: str) -> None:
        """Whose name the next calls stand under in the audit."""
        self.server.token = token

    def _accepted(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self.server.call(method, path, body)
        assert answer.status in (201, 202), answer
        return dict(answer.body)

    def _change(self, name: str, old: str, new: str) -> None:
        text = (self.server.definitions / f"{name}.yaml").read_text()
        assert old in text, f"the definition of {name} does not say {old}"
        answer = self.server.call("PUT", f"/api/services/{name}", {"yaml": text.replace(old, new)})
        assert answer.status == 200, answer

    def _until(self, name: str, *statuses: str) -> None:
        def status() -> str:
            items = self.server.get("/api/services?limit=1000")["items"]
            items += self.server.get("/api/services/live?limit=1000")["items"]
            return next((str(item["status"]) for item in items if item["name"] == name), "absent")

        _reached(f"{name} is", status, statuses)

    def _until_built(self, build: str, state: str) -> None:
        _reached(f"build {build} is", lambda: str(self.server.get(f"/api/builds/{build}")["state"]), (state,))

    def _until_verdict(self, name: str, state: str) -> None:
        def newest() -> str:
            return str(self.server.get(f"/api/deployments?service={name}&limit=1")["items"][0]["state"])

        _reached(f"the last change of {name} is", newest, (state,))


def _reached(what: str, look: Any, wanted: tuple[str, ...]) -> None:
    seen = ""

    def there() -> bool:
        nonlocal seen
        seen = look()
        return seen in wanted

    try:
        eventually(there, within=STEADY)
    except AssertionError:
        msg = f"{what} {seen!r} and not {' or '.join(wanted)} after {STEADY:.0f} s"
        raise AssertionError(msg) from None


def _commit(folder: Path) -> None:
    """Make it a git repository of one commit, so that a build knows what it was built from."""
    git = ["git", "-C", str(folder), "-c", "user.name=shop", "-c", "user.email=shop@example.com"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    for arguments in ("init -q -b main", "add -A", "commit -q -m Returns"):
        command = [*git, *arguments.split()]
        subprocess.run(command, check=True, timeout=30, capture_output=True, env=environment)
