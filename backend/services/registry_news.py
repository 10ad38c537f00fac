"""Takes what registries tell of pushes: refreshes what is shown and redeploys services that follow a tag."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from backend.clients.docker_client import SwarmClient
from backend.clients.registry_client import REPOSITORY, TAG, RegistryClient
from backend.domain.permissions import Permission, require
from backend.errors import DockerUnavailable, NotFound, OrchestratorError, Overloaded, RegistryFailed
from backend.models.actor import SYSTEM, Actor
from backend.models.schemas.registry import Notification
from backend.services.catalog import Catalog, Entry
from backend.services.deployments import Deployments
from backend.services.image_users import named
from backend.services.registries import Registries
from backend.services.registry import Registry
from backend.services.service_views import deployed_revision

log = logging.getLogger(__name__)

WAITING: Final = 1_000
"""Repositories that may wait to be looked at; who tells of more is asked to come again."""
TAGS: Final = 1_000
AT_ONCE: Final = 4
PAUSES: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds before an engine or a registry that did not answer is asked again."""


@dataclass(slots=True)
class _Job:
    """What was told of one repository."""

    tags: set[str] = field(default_factory=set)
    failed: int = 0
    not_before: float = 0.0


type _Place = tuple[str, str]
"""The registry's host and the repository."""


class RegistryNews:
    """A notification is a hint and nothing more: what a tag means now is asked of the registry."""

    def __init__(
        self,
        *,
        registry: Registry,
        client: RegistryClient,
        registries: Registries,
        swarm: SwarmClient,
        catalog: Catalog,
        deployments: Deployments,
        registry_host: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._client = client
        self._registries = registries
        self._swarm = swarm
        self._catalog = catalog
        self._deployments = deployments
        self._registry_host = registry_host
        self._clock = clock
        self._jobs: dict[_Place, _Job] = {}
        self._busy: set[_Place] = set()
        self._news = anyio.Event()
        self._deployed: dict[str, str] = {}
        """The digest each service was last redeployed for: one that fails is not tried for ever."""

    async def take(self, actor: Actor, events: list[Notification], *, registry: str | None) -> int:
        """Note what is to be looked at; how many repositories. Raises Overloaded.

        Audited are the deployments that come of it, not every pull a registry tells of.
        """
        require(actor, Permission.OPERATE)
        default = self._registries.find(registry).host if registry else None
        told: dict[_Place, set[str]] = {}
        for event in events:
            target = event.target
            name = target.repository if target else None
            if event.action not in {"push", "delete"} or target is None or not name:
                continue
            if len(name) > 255 or not REPOSITORY.fullmatch(name):
                continue
            tags = told.setdefault((default or self._host_of(event), name), set())
            if event.action == "push" and target.tag and TAG.fullmatch(target.tag):
                tags.add(target.tag)
        if len(self._jobs.keys() | told.keys()) > WAITING:
            raise Overloaded(
                f"{WAITING:,} repositories are waiting to be looked at; send it again later.", retry_after=10
            )
        for place, tags in told.items():
            job = self._jobs.setdefault(place, _Job())
            job.tags |= tags if len(job.tags) < TAGS else set()
            job.failed, job.not_before = 0, 0.0
        self._news.set()
        return len(told)

    async def run(self) -> None:
        """Look at what was told, until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                now = self._clock()
                ready = [
                    place
                    for place, job in self._jobs.items()
                    if job.not_before <= now and place not in self._busy
                ]
                for place in ready[: AT_ONCE - len(self._busy)]:
                    self._busy.add(place)
                    tasks.start_soon(self._look, place, self._jobs.pop(place))
                waits = [job.not_before - now for job in self._jobs.values() if job.not_before > now]
                with anyio.move_on_after(min(waits) if waits else None):
                    await self._news.wait()
                self._news = anyio.Event()

    async def _look(self, place: _Place, job: _Job) -> None:
        again: OrchestratorError | None = None
        try:
            if not job.failed:
                self._registry.pushed(*place)
            for entry, tag in self._followers(place, job.tags):
                again = await self._follow(place, entry, tag) or again
        except Exception:
            # One repository must not end the looking at all others.
            log.exception("what the registry told of %s/%s could not be looked at", *place)
        finally:
            self._busy.discard(place)
            self._news.set()
        if again is not None:
            self._later(place, job, again)

    def _later(self, place: _Place, job: _Job, error: OrchestratorError) -> None:
        if job.failed >= len(PAUSES):
            log.error("gave up on redeploying what uses %s/%s: %s", *place, error.detail)
            return
        pause = PAUSES[job.failed]
        log.warning("%s/%s is looked at again in %.0f s: %s", *place, pause, error.detail)
        waiting = self._jobs.setdefault(place, _Job(not_before=self._clock() + pause))
        waiting.tags |= job.tags
        waiting.failed = max(waiting.failed, job.failed + 1)

    def _followers(self, place: _Place, tags: set[str]) -> list[tuple[Entry, str]]:
        """Entries that follow one of the tags."""
        found: list[tuple[Entry, str]] = []
        for entry in self._catalog.entries():
            if entry.definition is None or entry.definition.auto_deploy != "digest":
                continue
            image = named(entry.definition.image, self._registry_host)
            if image is None or image.digest is not None or image.tag not in tags:
                continue
            if (image.registry.lower(), image.repository) == place:
                found.append((entry, image.tag))
        return found

    async def _follow(self, place: _Place, entry: Entry, tag: str) -> OrchestratorError | None:
        """Redeploy if the tag means another digest than what runs; the error if it is worth trying again."""
        host, repository = place
        name = entry.name
        digest: str | None = None
        try:
            reg = self._registries.find(host)
            digest = await self._client.digest(reg, await self._registries.credentials(host), repository, tag)
            live = await self._swarm.service(name)
            running = live.image.partition("@")[2]
            if digest is None or deployed_revision(live) is None:
                return None
            if digest in {running, self._deployed.get(name)}:
                return None
            log.info("%s is redeployed: %s/%s:%s is now %s", name, host, repository, tag, digest)
            await self._deployments.deploy(SYSTEM, name)
        except NotFound:
            # Not in the swarm, or not known any more: nothing follows.
            return None
        except (DockerUnavailable, RegistryFailed) as error:
            return error
        except OrchestratorError as error:
            log.warning("%s was not redeployed for its new image: %s", name, error.detail)
        if digest is not None:
            self._deployed[name] = digest
        return None

    def _host_of(self, event: Notification) -> str:
        """Which of our registries told it: as who pushed named it, else the first."""
        known = self._registries.all()
        said = event.request.host.lower() if event.request and event.request.host else ""
        return next((one.host for one in known if one.host.lower() == said), known[0].host)
