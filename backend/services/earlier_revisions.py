"""Finds what a rollback brings back: an earlier text and the digest it ran with."""

import json
from dataclasses import dataclass

from backend.domain.definition_text import as_mapping, parse, with_changes
from backend.domain.image_reference import ImageReference, expand_registry_host
from backend.domain.rollback import default_target, present_deployment, recorded_digest
from backend.domain.service_spec import LABEL_OPERATION
from backend.errors import Conflict, FieldError, InvalidInput, NotFound
from backend.models.cluster import Service
from backend.models.deployment_rows import DeploymentRow
from backend.repositories.deployments import DeploymentRecords
from backend.services.catalog import Catalog, Entry
from backend.services.service_views import deployed_revision
from backend.services.wanted_specs import WantedSpecs

NOTHING = "nothing_to_roll_back_to"
TAG_MOVED = (
    "The tag does not point to this image any more, so the definition names its digest too; take that out "
    "when a newer image is to be deployed."
)


@dataclass(frozen=True, slots=True)
class Earlier:
    entry: Entry
    """As the catalog would have it, under the number of the revision it was."""
    digest: str | None
    warnings: tuple[str, ...]


class EarlierRevisions:
    def __init__(self, catalog: Catalog, records: DeploymentRecords, wanted: WantedSpecs) -> None:
        self._catalog = catalog
        self._records = records
        self._wanted = wanted

    async def find(self, present: Entry, live: Service, revision: int | None) -> Earlier:
        """What to bring back in place of `live`. Raises Conflict, and NotFound for a revision never made."""
        history = await self._records.brought_in(present.name)
        digest: str | None
        if revision is None:
            target = await self._target(present.name, live, history)
            assert target.to_revision is not None  # default_target sees to it
            revision, digest = target.to_revision, target.to_digest
        else:
            digest = recorded_digest(history, revision)
        text = await self._catalog.revision_text(present.name, revision)
        try:
            definition = parse(text, name=present.name)
        except InvalidInput as error:
            problem = error.errors or (FieldError("yaml", error.detail),)
            raise Conflict(
                f"Revision {revision} of {present.name} cannot be read: {problem[0].reason}.",
                code="broken_definition",
                errors=problem,
            ) from error
        warnings: tuple[str, ...] = ()
        if digest is None:
            warnings = (
                f"Revision {revision} has no digest on record, so its tag means what the registry says now.",
            )
        elif "@" not in definition.image and not await self._wanted.tag_still_means(definition.image, digest):
            text = _pinned(text, definition.image, digest)
            definition = parse(text, name=present.name)
            warnings = (TAG_MOVED,)
        entry = Entry(present.name, revision, text, "", definition, None, present.updated_at)
        return Earlier(entry, digest, warnings)

    async def _target(self, name: str, live: Service, history: list[DeploymentRow]) -> DeploymentRow:
        present = present_deployment(history, live.labels.get(LABEL_OPERATION))
        if present is None:
            raise Conflict(f"No deployment of {name} is on record to go back to.", code=NOTHING)
        now = deployed_revision(live)
        prints = {row.id: await self._fingerprint(name, row) for row in history}

        def same(row: DeploymentRow) -> bool:
            return prints[row.id] in {None, prints[present.id]}

        target = default_target(history, present, same)
        if target is not None:
            return target
        earlier = [row for row in history[history.index(present) + 1 :] if not same(row)]
        if earlier:
            raise Conflict(
                f"What was deployed before revision {now} of {name}, revision {earlier[0].to_revision}, "
                "did not come up. Name a revision with `to_revision` to go there all the same.",
                code=NOTHING,
            )
        raise Conflict(
            f"{name} runs revision {now}, and nothing else was deployed before it. Name a revision with "
            "`to_revision`, or change the definition and deploy.",
            code=NOTHING,
        )

    async def _fingerprint(self, name: str, row: DeploymentRow) -> str | None:
        """What a deployment brought in, apart from the number of replicas; None when its text is gone."""
        if row.to_revision is None:
            return None
        try:
            mapping = as_mapping(await self._catalog.revision_text(name, row.to_revision))
        except (NotFound, InvalidInput):
            return None
        mapping.pop("replicas", None)
        mapping["image"] = str(mapping.get("image", "")).partition("@")[0]
        return json.dumps([mapping, row.to_digest], sort_keys=True, default=str)


def _pinned(text: str, image: str, digest: str) -> str:
    tag = "" if ImageReference.parse(expand_registry_host(image, "host:1")).tag else ":latest"
    return with_changes(text, {**as_mapping(text), "image": f"{image}{tag}@{digest}"})
