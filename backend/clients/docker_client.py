"""The Docker engine as this program needs it: the only door to a swarm."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import aiohttp
import msgspec

from backend.clients import engine_events, reading, wire
from backend.clients.bulk_writes import BULK_WIDTH, BulkWrites, EditService, ServiceWrite, Spec, Written
from backend.clients.engine_errors import Call, StaleVersion
from backend.clients.list_decoder import ListDecoder
from backend.clients.log_frames import LogDecoder
from backend.clients.registry_auth import RegistryAuth, auth_headers
from backend.clients.transport import Deadlines, Transport, decoded, ignored
from backend.clients.wire import ServiceCounts
from backend.errors import InvalidInput, NotFound
from backend.models.cluster import (
    EngineEvent,
    ImageDigest,
    LogDrop,
    LogGap,
    LogLine,
    Node,
    Service,
    SwarmInfo,
    SwarmObject,
    Task,
)

__all__ = ["Deadlines", "RegistryAuth", "ServiceCounts", "ServiceWrite", "SwarmClient", "Written"]


_DEADLINES = Deadlines()
_WRITE_ATTEMPTS = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


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
    ) -> None:
        self._transport = Transport(docker_host, cert_path, tls_verify, deadlines)
        self._deadlines = deadlines
        self.host = self._transport.host

    async def close(self) -> None:
        await self._transport.close()

    # -- what is there ---------------------------------------------------------------------------------

    async def info(self) -> SwarmInfo:
        """The engine and its place in the swarm. Answers on engines that are no managers, too."""
        call = Call("engine")
        info = await self._transport.read("info", call, decoded(wire.WireInfo))
        return reading.info_of(info, await self._transport.api_version())

    async def nodes(self) -> list[Node]:
        return await self._list("nodes", wire.WireNode, reading.node_of)

    async def node(self, node_id: str) -> Node:
        """By id or exact hostname."""
        call = Call("node", node_id)
        found = await self._transport.read(f"nodes/{_part(node_id, call)}", call, decoded(wire.WireNode))
        node = reading.node_of(found)
        return _exactly(node, call, node.id, node.hostname)

    async def services(self) -> list[Service]:
        return await self._list("services", wire.WireService, reading.service_of)

    async def service(self, name_or_id: str) -> Service:
        """By id or exact name; engines would accept a prefix of an id as well."""
        call = Call("service", name_or_id)
        path = f"services/{_part(name_or_id, call)}"
        service = reading.service_of(await self._transport.read(path, call, decoded(wire.WireService)))
        return _exactly(service, call, service.id, service.name)

    async def service_counts(self) -> dict[str, ServiceCounts]:
        """Running, desired and completed tasks by service id, as the engine counts them."""
        counts = await self._list("services", wire.WireService, reading.counts_of, params={"status": "true"})
        return dict(counts)

    async def tasks(
        self, *, service_id: str | None = None, node_id: str | None = None, up_to_date: bool | None = None
    ) -> list[Task]:
        """`up_to_date=True` leaves the judgement to the engine, which alone knows about changed ports."""
        filters: dict[str, list[str]] = {}
        if service_id is not None:
            filters["service"] = [service_id]
        if node_id is not None:
            filters["node"] = [node_id]
        if up_to_date is not None:
            filters["_up-to-date"] = ["true" if up_to_date else "false"]
        params = {"filters": msgspec.json.encode(filters).decode()} if filters else None
        return await self._list("tasks", wire.WireTask, reading.TaskConverter(), params=params)

    async def networks(self) -> list[SwarmObject]:
        """All networks, with the swarm's own `host` in place of this engine's.

        Lists leave that one out, yet its id is what a service on the host's network refers to.
        """
        found = await self._list("networks", wire.WireNetwork, reading.network_of)
        try:
            answer = await self._transport.read(
                "networks/host",
                Call("network", "host"),
                decoded(wire.WireNetwork),
                params={"scope": "swarm"},
            )
        except NotFound:
            return found
        host = reading.network_of(answer)
        if host.scope != "swarm":
            return found
        return [*(one for one in found if one.name != host.name), host]

    async def secrets(self) -> list[SwarmObject]:
        return await self._list("secrets", wire.WireObject, reading.object_of)

    async def configs(self) -> list[SwarmObject]:
        return await self._list("configs", wire.WireObject, reading.object_of)

    async def image_digest(self, reference: str, *, auth: RegistryAuth | None = None) -> ImageDigest:
        """What the tag stands for now, asked of the registry by the engine."""
        call = Call("image", reference)
        if not reference or re.search(r"[\s?#\x00-\x1f]|(^|/)\.{1,2}(/|$)", reference):
            raise InvalidInput(f"'{reference}' is no image reference.")
        found = await self._transport.read(
            f"distribution/{quote(reference, safe='/:@')}/json",
            call,
            decoded(wire.WireDistribution),
            headers=auth_headers(auth),
            # A registry that hangs must not hold the connections lists need.
            pool="streams",
            deadline=self._deadlines.registry,
        )
        return reading.digest_of(found)

    # -- changes ---------------------------------------------------------------------------------------

    async def create_service(self, spec: Spec, *, auth: RegistryAuth | None = None) -> str:
        """Create a service and return its id. Conflict `name_taken` or `port_taken`; InvalidInput."""
        call = Call("service", str(spec.get("Name", "")), writes=True)
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
            await self._transport.write(
                "POST",
                f"services/{service.id}/update",
                call,
                ignored,
                params={"version": str(service.version), **params},
                headers=auth_headers(auth),
                body=spec,
            )
            return await self.service(service.id)

        return await _until_fresh(attempt)

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

    async def create_or_update_many(
        self, writes: Sequence[ServiceWrite], *, parallel: int = BULK_WIDTH
    ) -> list[Written]:
        """Carry out many writes at once, each at the version read right before it; one result each, in order.

        Each image is looked up once, however many services name it. One that fails stops no other.
        """
        return await BulkWrites(self, parallel).carry_out(writes)

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
        return self._logs("service", service_id, tail, since, deadline, follow, None, None)

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
    ) -> AsyncGenerator[LogLine | LogGap | LogDrop]:
        """As `service_logs`, of one task.

        `admit` is asked with each line's size; lines it refuses are not decoded, a LogDrop counts them.
        """
        return self._logs("task", task_id, tail, since, deadline, follow, stream, admit)

    async def _logs(
        self,
        kind: Literal["service", "task"],
        object_id: str,
        tail: int | None,
        since: datetime | None,
        deadline: float,
        follow: bool,
        stream: Literal["stdout", "stderr"] | None,
        admit: Callable[[int], bool] | None,
    ) -> AsyncGenerator[LogLine | LogGap | LogDrop]:
        call = Call(kind, object_id)
        params = {
            "stdout": "0" if stream == "stderr" else "1",
            "stderr": "0" if stream == "stdout" else "1",
            "timestamps": "1",
            # The only thing that says which task a line comes from.
            "details": "1",
            "follow": "1" if follow else "0",
            "tail": "all" if tail is None else str(tail),
        }
        if since is not None:
            params["since"] = f"{since.timestamp():.6f}"
        ends = asyncio.get_running_loop().time() + deadline
        decoder = LogDecoder(only_task=object_id if kind == "task" else "", admit=admit)
        path = f"{kind}s/{_part(object_id, call)}/logs"
        async with self._transport.stream(path, call, params=params, start_within=deadline) as response:
            chunks = response.content.iter_any()
            while True:
                try:
                    async with asyncio.timeout_at(None if follow else ends):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    yield LogGap(f"not everything came within {deadline:g} s: a node does not answer")
                    break
                except (aiohttp.ClientError, OSError) as error:
                    yield LogGap(f"the engine broke off: {str(error) or type(error).__name__}")
                    break
                try:
                    for line in decoder.feed(chunk):
                        yield line
                    if dropped := decoder.take_dropped():
                        yield LogDrop(dropped)
                    # Chunks that are already here would be read without ever giving way.
                    await asyncio.sleep(0)
                except ValueError as error:
                    yield LogGap(str(error))
                    break
            for line in decoder.finish():
                yield line

    async def _list[W: msgspec.Struct, T](
        self, path: str, kind: type[W], convert: Callable[[W], T], params: dict[str, str] | None = None
    ) -> list[T]:
        async def consume(response: aiohttp.ClientResponse) -> list[T]:
            decoder = ListDecoder(kind, convert)
            async for chunk in response.content.iter_any():
                decoder.feed(chunk)
                # Chunks that are already here would be read without ever giving way.
                await asyncio.sleep(0)
            return decoder.finish()

        return await self._transport.read(path, Call(path), consume, params=params)


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
