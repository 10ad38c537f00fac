"""The Docker engine as this program needs it: the only door to a swarm."""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import aiohttp
import msgspec

from backend.clients import engine_events, reading, wire
from backend.clients.engine_configs import EngineConfigs
from backend.clients.engine_errors import Call, StaleVersion
from backend.clients.engine_images import EngineImages
from backend.clients.engine_logs import LogRequest, read_logs
from backend.clients.engine_references import EngineReferences
from backend.clients.list_decoder import KnownFirst
from backend.clients.list_reading import read_list
from backend.clients.registry_auth import RegistryAuth, auth_headers
from backend.clients.transport import Deadlines, Timed, Transport, decoded, ignored, untimed
from backend.clients.wire import ServiceCounts
from backend.domain.image_reference import registry_of
from backend.errors import InvalidInput, NotFound, OrchestratorError
from backend.models.cluster import (
    EngineEvent,
    ImageDigest,
    LogDrop,
    LogGap,
    LogLine,
    Node,
    Role,
    Service,
    Swarm,
    SwarmInfo,
    Task,
)

__all__ = ["Deadlines", "RegistryAuth", "ServiceCounts", "SwarmClient"]

Spec = dict[str, Any]
EditService = Callable[[Service], Spec | None]

_DEADLINES = Deadlines()
_WRITE_ATTEMPTS = 8
_NAMES_AT_ONCE = 80
"""A proxy in front of an engine takes addresses of 8 KB."""
_Credentials = Callable[[str], Awaitable[RegistryAuth | None]]
type _Known[T] = Callable[[str], T | None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def _unknown(_id: str) -> None:
    return None


class SwarmClient:
    """Talks to one engine, which has to be a manager. Opens nothing until the first call.

    Every method raises the kinds of `backend.errors` and nothing else, within the deadline of its sort of
    call. Reads give typed structs; specs stay raw dicts, so fields of newer engines survive an edit.
    """

    def __init__(
        self,
        docker_host: str,
        *,
        cert_path: Path | None = None,
        tls_verify: bool = False,
        deadlines: Deadlines = _DEADLINES,
        auth_for: _Credentials | None = None,
        on_call: Timed = untimed,
    ) -> None:
        """`auth_for` knows the credentials for an image; they go wherever a call names one.

        `on_call` hears of each call: what was asked for, `ok` or `failed`, and its seconds.
        """
        self.auth_for = auth_for or _anonymous
        self._transport = Transport(docker_host, cert_path, tls_verify, deadlines, on_call)
        self._deadlines = deadlines
        self.host = self._transport.host
        self.images = EngineImages(self._transport)
        self.references = EngineReferences(self._transport)
        self.configs = EngineConfigs(self._transport)

    async def close(self) -> None:
        await self._transport.close()

    # -- what is there ---------------------------------------------------------------------------------

    async def info(self) -> SwarmInfo:
        """The engine and its place in the swarm. Answers on engines that are no managers, too."""
        call = Call("engine")
        info = await self._transport.read("info", call, decoded(wire.WireInfo))
        return reading.info_of(info, await self._transport.api_version())

    async def swarm(self) -> Swarm:
        """The swarm's own settings and root certificate."""
        call = Call("swarm")
        return reading.swarm_of(await self._transport.read("swarm", call, decoded(wire.WireSwarm)))

    async def join_token(self, role: Role) -> str:
        """What a machine must show to join as `role`. Whoever has it can join: treat it as a password."""
        answer = await self._transport.read("swarm", Call("swarm"), decoded(wire.WireJoinTokens))
        return answer.join_tokens.manager if role == "manager" else answer.join_tokens.worker

    async def nodes(self) -> list[Node]:
        return await read_list(self._transport, "nodes", wire.WireNode, reading.node_of)

    async def node(self, node_id: str) -> Node:
        """By id or exact hostname."""
        call = Call("node", node_id)
        found = await self._transport.read(f"nodes/{_part(node_id, call)}", call, decoded(wire.WireNode))
        node = reading.node_of(found)
        return _exactly(node, call, node.id, node.hostname)

    async def services(
        self, *, names: Collection[str] | None = None, known: _Known[Service] = _unknown
    ) -> list[Service]:
        """All services, or those of exactly these names.

        What `known` has, by id, is not made anew while its version is the same.
        """
        convert = KnownFirst(wire.WireService, reading.service_of, known)
        if names is None:
            return await read_list(self._transport, "services", msgspec.Raw, convert)
        found: list[Service] = []
        for some in itertools.batched(sorted(names), _NAMES_AT_ONCE):
            params = _filters(name=some)
            found += await read_list(self._transport, "services", msgspec.Raw, convert, params=params)
        # An engine takes a name for the beginning of one.
        wanted = set(names)
        return list({service.id: service for service in found if service.name in wanted}.values())

    async def service(self, name_or_id: str) -> Service:
        """By id or exact name; engines would accept a prefix of an id as well."""
        call = Call("service", name_or_id)
        path = f"services/{_part(name_or_id, call)}"
        service = reading.service_of(await self._transport.read(path, call, decoded(wire.WireService)))
        return _exactly(service, call, service.id, service.name)

    async def service_counts(self) -> dict[str, ServiceCounts]:
        """Running, desired and completed tasks by service id, as the engine counts them."""
        counts = await read_list(
            self._transport, "services", wire.WireService, reading.counts_of, params={"status": "true"}
        )
        return dict(counts)

    async def tasks(
        self,
        *,
        service_id: str | None = None,
        service_ids: Collection[str] | None = None,
        node_id: str | None = None,
        up_to_date: bool | None = None,
        known: _Known[Task] = _unknown,
    ) -> list[Task]:
        """`up_to_date=True` leaves the judgement to the engine, which alone knows about changed ports.

        What `known` has, by id, is not made anew while its version is the same. NotFound when one of the
        services is gone.
        """
        filters: dict[str, list[str]] = {}
        if service_id is not None:
            filters["service"] = [service_id]
        if node_id is not None:
            filters["node"] = [node_id]
        if up_to_date is not None:
            filters["_up-to-date"] = ["true" if up_to_date else "false"]
        if service_ids is None:
            return await self._list_tasks(filters, known)
        found: list[Task] = []
        for some in itertools.batched(sorted(service_ids), _NAMES_AT_ONCE):
            found += await self._list_tasks({**filters, "service": some}, known)
        return found

    async def image_digest(self, reference: str, *, auth: RegistryAuth | None = None) -> ImageDigest:
        """What the tag stands for now, asked of the registry by the engine."""
        call = Call("image", reference)
        if not reference or re.search(r"[\s?#\x00-\x1f]|(^|/)\.{1,2}(/|$)", reference):
            raise InvalidInput(f"'{reference}' is no image reference.")
        found = await self._transport.read(
            f"distribution/{quote(reference, safe='/:@')}/json",
            call,
            decoded(wire.WireDistribution),
            headers=auth_headers(auth or await self.auth_for(reference)),
            # A registry that hangs must not hold the connections lists need.
            pool="streams",
            deadline=self._deadlines.registry,
        )
        return reading.digest_of(found)

    # -- changes ---------------------------------------------------------------------------------------

    async def create_service(self, spec: Spec, *, auth: RegistryAuth | None = None) -> str:
        """Create a service and return its id. Conflict `name_taken` or `port_taken`; InvalidInput."""
        call = Call("service", str(spec.get("Name", "")), writes=True)
        if auth is None and (image := _image(spec)):
            auth = await self.auth_for(image)
        created = await self._transport.write(
            "POST", "services/create", call, decoded(wire.Created), headers=auth_headers(auth), body=spec
        )
        return created.id

    async def update_service(
        self,
        service_id: str,
        edit: EditService,
        *,
        auth: RegistryAuth | None = None,
        registry_auth_from: Literal["spec", "previous-spec"] | None = None,
        rollback: bool = False,
    ) -> Service:
        """Write what `edit` makes of the service as it is now, and return it as it is afterwards.

        `edit` gives the whole new spec, or None when there is nothing to do, and is called again after each
        write that came too late. With `rollback` the engine swaps in its previous spec; what `edit` gives is
        checked but not applied.
        """
        params: dict[str, str] = {}
        if registry_auth_from:
            params["registryAuthFrom"] = registry_auth_from
        if rollback:
            params["rollback"] = "previous"

        async def attempt() -> Service:
            service = await self.service(service_id)
            spec = edit(service)
            if spec is None:
                return service
            call = Call("service", service.name, writes=True)
            sent = auth if auth or registry_auth_from else await self._auth_of_update(service.spec, spec)
            await self._transport.write(
                "POST",
                f"services/{service.id}/update",
                call,
                ignored,
                params={"version": str(service.version), **params},
                headers=auth_headers(sent),
                body=spec,
            )
            return await self.service(service.id)

        return await _until_fresh(attempt)

    async def _auth_of_update(self, before: Spec, after: Spec) -> RegistryAuth | None:
        """The current credentials; without any, the engine keeps those that it was given earlier."""
        image = _image(after)
        if not image:
            return None
        try:
            return await self.auth_for(image)
        except OrchestratorError:
            if registry_of(image) != registry_of(_image(before)):
                raise
            return None

    async def remove_service(self, service_id: str) -> None:
        call = Call("service", service_id, writes=True)
        await self._transport.write("DELETE", f"services/{_part(service_id, call)}", call, ignored)

    async def update_node(self, node_id: str, edit: Callable[[Spec], Spec]) -> Node:
        """Write what `edit` makes of the node's raw spec (Name, Labels, Role, Availability)."""
        call = Call("node", node_id, writes=True)

        async def attempt() -> Node:
            path = f"nodes/{_part(node_id, call)}"
            raw = await self._transport.read(path, Call("node", node_id), decoded(dict[str, Any]))
            params = {"version": str(raw["Version"]["Index"])}
            await self._transport.write(
                "POST", f"nodes/{raw['ID']}/update", call, ignored, params=params, body=edit(raw["Spec"])
            )
            return await self.node(raw["ID"])

        return await _until_fresh(attempt)

    async def remove_node(self, node_id: str, *, force: bool) -> None:
        """Forget a node. Conflict `node_not_down` while it is up and not forced, or a manager."""
        call = Call("node", node_id, writes=True)
        params = {"force": "true"} if force else {}
        await self._transport.write("DELETE", f"nodes/{_part(node_id, call)}", call, ignored, params=params)

    async def rotate_join_token(self, role: Role) -> None:
        """Make the present token worthless; machines that joined with it stay."""
        call = Call("swarm", writes=True)
        raw = await self._transport.read("swarm", Call("swarm"), decoded(dict[str, Any]))
        params = {"version": str(raw["Version"]["Index"]), f"rotate{role.capitalize()}Token": "true"}
        await self._transport.write("POST", "swarm/update", call, ignored, params=params, body=raw["Spec"])

    # -- streams ---------------------------------------------------------------------------------------

    def events(self, *, since_ns: int | None = None) -> AsyncIterator[EngineEvent]:
        """Swarm-scope events for ever, reconnecting as needed; close it with `aclosing`.

        Kind `gap` follows each connection made and each loss: then look at everything again. A slow consumer
        gets a gap instead of holding up the engine.
        """

        def open_stream(since: int | None) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
            params = {"filters": '{"scope":["swarm"]}'}
            if since is not None:
                params["since"] = f"{since // 10**9}.{since % 10**9:09d}"
            return self._transport.stream(
                "events", Call("event stream"), params=params, start_within=self._deadlines.events_start
            )

        return engine_events.follow(open_stream, since_ns)

    def service_logs(
        self,
        service_id: str,
        *,
        tail: int | None = None,
        since: datetime | None = None,
        deadline: float,
        follow: bool = False,
    ) -> AsyncGenerator[LogLine | LogGap | LogDrop]:
        """The lines of a service's tasks as they arrive: in order per task, not across tasks.

        `tail` counts per task. When `deadline` seconds have passed a LogGap ends the answer, for an engine
        waits for ever for a node that is gone. With `follow` the deadline is for the answer to begin.
        """
        call = Call("service", service_id)
        wanted = LogRequest(f"services/{_part(service_id, call)}/logs", tail, since, follow)
        return read_logs(self._transport, call, wanted, deadline)

    def task_logs(
        self,
        task_id: str,
        *,
        tail: int | None = None,
        since: datetime | None = None,
        deadline: float,
        follow: bool = False,
        stream: Literal["stdout", "stderr"] | None = None,
        admit: Callable[[int], bool] | None = None,
        silence: float | None = None,
    ) -> AsyncGenerator[LogLine | LogGap | LogDrop]:
        """As `service_logs`, of one task.

        `admit` is asked with each line's size; lines it refuses are not decoded, a LogDrop counts them. Of a
        node that says nothing for `silence` seconds nothing more is waited for.
        """
        call = Call("task", task_id)
        path = f"tasks/{_part(task_id, call)}/logs"
        wanted = LogRequest(path, tail, since, follow, stream, only_task=task_id, admit=admit)
        return read_logs(self._transport, call, wanted, deadline, silence)

    async def _list_tasks(self, filters: Mapping[str, Sequence[str]], known: _Known[Task]) -> list[Task]:
        params = _filters(**filters) if filters else None
        convert = KnownFirst(wire.WireTask, reading.TaskConverter(), known)
        return await read_list(self._transport, "tasks", msgspec.Raw, convert, params=params)


def _filters(**wanted: Sequence[str]) -> dict[str, str]:
    return {"filters": msgspec.json.encode(wanted).decode()}


async def _anonymous(_image: str) -> RegistryAuth | None:
    return None


def _image(spec: Spec) -> str:
    container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
    return str(container.get("Image") or "")


def _part(name: str, call: Call) -> str:
    """`name` as one part of a path. What no swarm object can be called is not found without asking."""
    if not _NAME.fullmatch(name):
        raise NotFound(f"The swarm has no {call}.")
    return name


def _exactly[T](found: T, call: Call, *names: str) -> T:
    if call.name not in names:
        raise NotFound(f"The swarm has no {call}.")
    return found


async def _until_fresh[T](attempt: Callable[[], Awaitable[T]]) -> T:
    """Try again when the object changed between read and write; StaleVersion, a Conflict, in the end."""
    for round_ in range(1, _WRITE_ATTEMPTS):
        try:
            return await attempt()
        except StaleVersion:
            # An orchestrating swarm bumps versions in bursts; rivals of ours must fall out of step.
            await asyncio.sleep(random.uniform(0, 0.01 * 2**round_))  # noqa: S311
    return await attempt()
