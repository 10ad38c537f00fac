"""One build's story: the context is sent, the engine builds, the image is tagged, pushed and verified."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

from backend.clients.build_events import BuildEvent, BuildLine, BuildOptions, BuildStep, BuiltImage, Pushed
from backend.clients.buildx import Buildx
from backend.clients.docker_client import SwarmClient
from backend.clients.registry_client import RegistryClient
from backend.domain.image_reference import ImageReference
from backend.errors import Conflict, DockerUnavailable, NotFound, OrchestratorError, RegistryFailed
from backend.models.build_rows import BuildRow, BuildStepRow
from backend.repositories.builds import BuildRecords
from backend.services.build_context import BuildContext, ContextLimits
from backend.services.build_story import BuildPlan, BuildStory
from backend.services.registries import Registries
from backend.services.turns import Turns

log = logging.getLogger(__name__)

PROGRESS = frozenset({"Preparing", "Waiting", "Pushing"})
"""What a push says of a layer many times over."""

type Building = AsyncGenerator[BuildEvent] | AsyncGenerator[BuildEvent | Pushed]
type Build = Callable[[AsyncIterator[bytes], BuildOptions], Building]


class ImageBuilder:
    """Knows the steps and their order; how long they may take and what they mean is for who calls."""

    def __init__(
        self,
        *,
        client: SwarmClient,
        buildx: Buildx,
        registry: RegistryClient,
        registries: Registries,
        records: BuildRecords,
        projects_dir: Path,
        limits: ContextLimits,
        within: float,
        memory_bytes: int | None,
        cpus: float | None,
        turns: Turns,
        arrived: Callable[[str, str], None] = lambda _host, _repository: None,
    ) -> None:
        self._client = client
        self._images = client.images
        self._buildx = buildx
        self._registry = registry
        self._registries = registries
        self._records = records
        self._projects_dir = projects_dir
        self._limits = limits
        self._within = within
        self._memory_bytes = memory_bytes
        self._cpus = cpus
        self._turns = turns
        """Of pushes to a repository, and of what is cleared away there."""
        self._arrived = arrived
        """Called with registry and repository when something was pushed there."""

    async def build(self, story: BuildStory, plan: BuildPlan) -> str:
        """The digest that the registry has in the end."""
        if len(plan.platforms) > 1:
            return await self._built_for_several(story, plan)
        image = await self._built(story, plan)
        await story.go_on("tagging", image_id=image)
        await self._images.tag(str(plan.unique), str(plan.image))
        return await self.push(story)

    async def push(self, story: BuildStory) -> str:
        """Push what was built under its own tag and the definition's; the registry has the last word."""
        image = ImageReference.parse(story.row.image).or_latest()
        unique = _unique(story.row)
        async with self._turns.of(image.name):
            await story.go_on("pushing", "pushing")
            pushed = await self._pushed(story, unique)
            # The image may have been given another tag by a later build, which is not ours to push.
            await self._images.tag(str(unique), str(image))
            await self._pushed(story, image)
            self._arrived(image.registry, image.repository)
            await self._verify_all(story, pushed)
        await self._clear_away(story.row)
        return pushed

    async def has_image(self, row: BuildRow) -> bool:
        """Whether the engine still has what was built."""
        return await self._images.inspect(str(_unique(row))) is not None

    async def look_back(self, row: BuildRow) -> tuple[str, str | None]:
        """What really arrived of a build that was cut off, in a sentence, and the digest if all did.

        Raises OrchestratorError while that cannot be said.
        """
        unique, image = _unique(row), ImageReference.parse(row.image).or_latest()
        arrived = await self._digest(unique)
        if arrived is None:
            if await self._kept(row):
                return "Nothing was pushed. The engine has the image: push again, or build again.", None
            return "Nothing was pushed; build again.", None
        if await self._digest(image) == arrived:
            return f"The image had been pushed: {arrived}; deploy it.", arrived
        rest = "push again" if await self._kept(row) else "build again"
        return f"It had been pushed as {unique.tag}, but {image.tag} does not point to it: {rest}.", None

    async def _built(self, story: BuildStory, plan: BuildPlan) -> str:
        """The engine's id of what it built for one platform."""

        def run(tar: AsyncIterator[bytes], options: BuildOptions) -> Building:
            return self._images.build(tar, options, within=self._within)

        built = await self._run(story, plan, run, plan.unique)
        if not isinstance(built, BuiltImage):
            raise Conflict("The engine ended the build without an image.", code="build_failed")
        return built.id

    async def _built_for_several(self, story: BuildStory, plan: BuildPlan) -> str:
        """An engine's API builds for one platform only; the docker client builds and pushes at once."""

        def run(tar: AsyncIterator[bytes], options: BuildOptions) -> Building:
            return self._buildx.build_and_push(tar, options, plan.platforms, within=self._within)

        async with self._turns.of(plan.image.name):
            pushed = await self._run(story, plan, run, plan.unique, plan.image)
            if not isinstance(pushed, Pushed):
                raise Conflict("docker buildx did not say what it pushed.", code="build_failed")
            self._arrived(plan.image.registry, plan.image.repository)
            await self._verify_all(story, pushed.digest)
        return pushed.digest

    async def _run(
        self, story: BuildStory, plan: BuildPlan, build: Build, *tags: ImageReference
    ) -> BuiltImage | Pushed | None:
        """Send the context and tell what comes; what came last of all."""
        await story.go_on("packing", "packing")
        result: BuiltImage | Pushed | None = None
        async with BuildContext.open(
            self._projects_dir, plan.project, plan.dockerfile, self._limits
        ) as context:
            options = BuildOptions(
                dockerfile=plan.dockerfile,
                tags=tuple(str(tag) for tag in tags),
                build_args=plan.build_args,
                target=plan.target,
                platform=plan.platforms[0] if len(plan.platforms) == 1 else None,
                no_cache=plan.no_cache,
                auths=await self._registries.auths(),
                dockerfile_text=await context.dockerfile_text(),
                memory_bytes=self._memory_bytes,
                cpus=self._cpus,
            )
            try:
                async with (
                    aclosing(context.tar()) as tar,
                    aclosing(build(tar, options)) as events,
                ):
                    async for event in events:
                        if story.row.state == "packing":
                            await story.go_on("building", "building")
                        match event:
                            case BuildLine():
                                story.say(event.text, step=event.step, error=event.is_error)
                            case BuildStep():
                                story.step(_step(event))
                            case BuiltImage() | Pushed():
                                result = event
            except OrchestratorError:
                # The engine only says that what it was sent ended early.
                if context.failure is not None:
                    raise context.failure from None
                raise
            await story.note(context_files=context.sent_files, context_bytes=context.sent_bytes)
        return result

    async def _verify_all(self, story: BuildStory, pushed: str) -> None:
        image = ImageReference.parse(story.row.image).or_latest()
        await story.go_on("verifying", "verifying")
        for reference in (_unique(story.row), image):
            await self._verify(reference, pushed)
        story.say(f"pushed {image.familiar} as {pushed}")

    async def _pushed(self, story: BuildStory, reference: ImageReference) -> str:
        auth = await self._registries.auth_for(str(reference))
        story.say(f"pushing {reference.familiar}")
        told: dict[str, str] = {}
        digest: str | None = None
        async with aclosing(self._images.push(str(reference), auth, within=self._within)) as events:
            async for event in events:
                if isinstance(event, Pushed):
                    digest = event.digest
                elif event.status not in PROGRESS and told.get(event.layer) != event.status:
                    told[event.layer] = event.status
                    story.say(f"{event.layer}: {event.status}")
        if digest is None:
            raise Conflict(f"The engine did not say what it pushed as {reference.familiar}.")
        return digest

    async def _verify(self, reference: ImageReference, pushed: str) -> None:
        found = await self._digest(reference)
        if found != pushed:
            has = f"has {found}" if found else "does not have it"
            raise Conflict(
                f"The engine pushed {reference.familiar} as {pushed}, and the registry {has}; something "
                "else pushed to it meanwhile, or it lost what it was sent. Push again.",
                code="push_not_verified",
            )

    async def _digest(self, reference: ImageReference) -> str | None:
        """What the registry has, by our own question or, where we cannot reach it, by the engine's."""
        try:
            address = self._registries.find(reference.registry)
            known = await self._registries.credentials(reference.registry)
            assert reference.tag is not None
            return await self._registry.digest(address, known, reference.repository, reference.tag)
        except RegistryFailed as refusal:
            try:
                auth = await self._registries.auth_for(str(reference))
                return (await self._client.image_digest(str(reference), auth=auth)).digest
            except NotFound:
                return None
            except DockerUnavailable:
                raise
            except OrchestratorError:
                raise refusal from None

    async def _kept(self, row: BuildRow) -> bool:
        """Whether the engine has the image; notes it, so that its push can be asked for."""
        local = await self._images.inspect(str(_unique(row)))
        await self._records.update(row.id, image_id=local.id if local else None)
        return local is not None

    async def _clear_away(self, row: BuildRow) -> None:
        """Take this build's tag from the engine, and those of earlier ones that nobody has to push now."""
        try:
            older = [
                kept
                for kept in await self._records.with_kept_image(row.service)
                if kept.id != row.id and kept.created_at < row.created_at
            ]
            for kept in (row, *older):
                await self._images.remove(str(_unique(kept)))
            for kept in older:
                await self._records.update(kept.id, image_id=None)
        except OrchestratorError as error:
            log.info("not all old tags of %s were taken from the engine: %s", row.service, error.detail)


def _unique(row: BuildRow) -> ImageReference:
    image = ImageReference.parse(row.image)
    return ImageReference(image.registry, image.repository, row.tag)


def _step(event: BuildStep) -> BuildStepRow:
    return BuildStepRow(
        id=event.id,
        name=event.name,
        started_at=event.started,
        finished_at=event.finished,
        cached=event.cached,
        error=event.error or None,
    )
