"""The catalog's services as callers see and edit them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.domain.consent import definition_of, host_reach
from backend.domain.definition_text import from_mapping, to_text, with_changes
from backend.domain.permissions import Permission
from backend.errors import Conflict, FieldError, InvalidInput, NotFound
from backend.models.actor import Actor
from backend.models.schemas.services import ServiceDetail, ServiceStatus
from backend.services.audit import Audit
from backend.services.catalog import Catalog, Entry
from backend.services.cluster_state import ClusterState
from backend.services.listed import KeptLists, Listed
from backend.services.service_fragments import Found, ServiceFragments
from backend.services.service_views import ServiceViews
from backend.services.use_case import use_case


class Services:
    """List, read and edit; what changes the swarm is in `Deployments`."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        cluster: ClusterState,
        views: ServiceViews,
        fragments: ServiceFragments,
        audit: Audit,
    ) -> None:
        self._catalog = catalog
        self._cluster = cluster
        self._views = views
        self._fragments = fragments
        self._catalog_lists = KeptLists()
        self._live_lists = KeptLists()
        self.audit = audit

    async def _effect_of_deleting(self, arguments: Mapping[str, Any]) -> str | None:
        entry = self._entry(str(arguments["name"]))
        return f"the definition of {entry.name}, revision {entry.revision}, leaves the catalog"

    async def _effect_of_updating(self, arguments: Mapping[str, Any]) -> str | None:
        """Nothing to ask when it reaches no further than the present definition."""
        name = str(arguments["name"])
        before, after = self._entry(name).definition, definition_of(arguments, name)
        if before is None or after is None:
            return ""
        further = [part for part in host_reach(after) if part not in host_reach(before)]
        if further:
            return f"new in {name}: {', '.join(further)}"
        return f"{name} has no task after a deploy" if after.replicas == 0 != before.replicas else None

    @use_case(Permission.READ)
    async def list_catalog(
        self, actor: Actor, *, match: str | None, status: Sequence[ServiceStatus], limit: int, offset: int
    ) -> Listed:
        """A page of the entries of the catalog, by name."""
        services = self._cluster.services

        def find() -> list[Found]:
            return [
                (entry.name, entry, services.get(entry.name))
                for entry in self._catalog.entries()
                if _matches(match, entry.name, entry.text)
            ]

        return await self._list(self._catalog_lists, find, match, status, limit, offset)

    @use_case(Permission.READ)
    async def list_live(
        self, actor: Actor, *, match: str | None, status: Sequence[ServiceStatus], limit: int, offset: int
    ) -> Listed:
        """A page of the services the swarm has, known to the catalog or not; 503 before the first look."""
        self._cluster.require_picture()

        def find() -> list[Found]:
            return [
                (name, self._catalog.find(name), service)
                for name, service in sorted(self._cluster.services.items())
                if _matches(match, name, service.image)
            ]

        return await self._list(self._live_lists, find, match, status, limit, offset)

    async def _list(
        self,
        kept: KeptLists,
        find: Callable[[], list[Found]],
        match: str | None,
        status: Sequence[ServiceStatus],
        limit: int,
        offset: int,
    ) -> Listed:
        asked, generation = (match, tuple(status), limit, offset), self._fragments.generation
        if (listed := kept.get(asked, generation)) is not None:
            return listed
        found = find()
        cut = slice(offset, offset + limit)
        if status:
            seen = await self._fragments.of_all(found)
            wanted = [fragment for fragment in seen if fragment.status.status in status]
            listed = Listed([fragment.encoded for fragment in wanted[cut]], len(wanted))
        else:
            seen = await self._fragments.of_all(found[cut])
            listed = Listed([fragment.encoded for fragment in seen], len(found))
        if generation == self._fragments.generation and not any(fragment.passes for fragment in seen):
            kept.keep(asked, generation, listed)
        return listed

    @use_case(Permission.READ)
    async def get(self, actor: Actor, name: str) -> ServiceDetail:
        """One entry of the catalog with its definition, text and tasks."""
        entry = self._entry(name)
        return self._views.detail(name, entry, self._cluster.services.get(name))

    @use_case(Permission.READ)
    async def get_live(self, actor: Actor, name: str) -> ServiceDetail:
        """One service the swarm has, with its tasks."""
        self._cluster.require_picture()
        service = self._cluster.services.get(name)
        if service is None:
            raise NotFound(f"The swarm has no service {name!r}.", code="service_not_found")
        return self._views.detail(name, self._catalog.find(name), service)

    @use_case(Permission.EDIT, action="service.create")
    async def create(
        self, actor: Actor, name: str, definition: Mapping[str, Any] | None, yaml: str | None
    ) -> ServiceDetail:
        """Register a definition; nothing is deployed."""
        text = _one_text(name, definition, yaml)
        entry = await self._catalog.create(actor.name, name, text)
        return self._views.detail(name, entry, self._cluster.services.get(name))

    @use_case(Permission.EDIT, action="service.update", effect=_effect_of_updating)
    async def update(
        self,
        actor: Actor,
        name: str,
        definition: Mapping[str, Any] | None,
        yaml: str | None,
        *,
        if_match: int | None,
    ) -> ServiceDetail:
        """Replace the whole definition; what runs stays as it is until the next deploy."""
        entry = self._entry(name)
        if definition is not None and yaml is None and entry.problem is None:
            from_mapping(definition, name=name)
            text = with_changes(entry.text, {**definition, "name": definition.get("name", name)})
        else:
            text = _one_text(name, definition, yaml)
        entry = await self._catalog.update(actor.name, name, text, if_match=if_match)
        return self._views.detail(name, entry, self._cluster.services.get(name))

    @use_case(Permission.EDIT, action="service.delete", effect=_effect_of_deleting)
    async def delete(self, actor: Actor, name: str, *, if_match: int | None, force: bool) -> None:
        """Remove the entry; a service that runs is only let go of with `force`."""
        self._entry(name)
        if name in self._cluster.services and not force:
            raise Conflict(
                f"{name} is in the swarm. Stop it first, or delete with ?force=true to leave it running "
                "without a catalog entry.",
                code="service_is_live",
            )
        await self._catalog.delete(actor.name, name, if_match=if_match)

    def _entry(self, name: str) -> Entry:
        entry = self._catalog.find(name)
        if entry is None:
            raise not_in_catalog(name, self._cluster)
        return entry


def not_in_catalog(name: str, cluster: ClusterState) -> NotFound:
    """The 404 for a name without catalog entry; says so when the swarm runs a service of that name."""
    if name in cluster.services:
        return NotFound(
            f"{name} exists in the swarm but not in the catalog. Register a definition of that name with "
            "POST /api/services, then deploy it with adopt=true to take it over.",
            code="not_in_catalog",
        )
    return NotFound(f"The catalog has no service {name!r}.", code="service_not_found")


def _one_text(name: str, definition: Mapping[str, Any] | None, yaml: str | None) -> str:
    if definition is not None and yaml is None:
        from_mapping(definition, name=name)  # its errors name keys; those of the text would name lines
        return to_text(definition, name=name)
    if yaml is not None and definition is None:
        return yaml
    reason = "give either `definition` (an object) or `yaml` (its text), not both and not neither"
    raise InvalidInput(f"The body is unclear: {reason}.", errors=(FieldError("definition", reason),))


def _matches(match: str | None, *texts: str) -> bool:
    return not match or any(match.casefold() in text.casefold() for text in texts)
