"""Reads the log of a service or task as the engine sends it, and tells when it does not."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import aiohttp

from backend.clients.engine_errors import Call
from backend.clients.log_frames import LogDecoder
from backend.clients.transport import Transport
from backend.models.cluster import LogDrop, LogGap, LogLine


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What `SwarmClient.service_logs` and `task_logs` were asked for; `path` is the engine's."""

    path: str
    tail: int | None
    since: datetime | None
    follow: bool
    stream: Literal["stdout", "stderr"] | None = None
    only_task: str = ""
    admit: Callable[[int], bool] | None = None

    def params(self) -> dict[str, str]:
        params = {
            "stdout": "0" if self.stream == "stderr" else "1",
            "stderr": "0" if self.stream == "stdout" else "1",
            "timestamps": "1",
            # The only thing that says which task a line comes from.
            "details": "1",
            "follow": "1" if self.follow else "0",
            "tail": "all" if self.tail is None else str(self.tail),
        }
        if self.since is not None:
            params["since"] = f"{self.since.timestamp():.6f}"
        return params


async def read_logs(
    transport: Transport, call: Call, wanted: LogRequest, deadline: float, silence: float | None = None
) -> AsyncGenerator[LogLine | LogGap | LogDrop]:
    """Lines as they arrive; a LogGap ends what broke off or took longer than `deadline` seconds.

    With `follow` the deadline is for the answer to begin. With `silence` a node that says nothing for so long
    does not answer, so that one that has much to say may be given more time.
    """
    clock = asyncio.get_running_loop().time
    ends = clock() + deadline
    patience = deadline if silence is None else min(silence, deadline)
    decoder = LogDecoder(only_task=wanted.only_task, admit=wanted.admit)
    async with transport.stream(wanted.path, call, params=wanted.params(), start_within=patience) as response:
        chunks = response.content.iter_any()
        while True:
            try:
                async with asyncio.timeout_at(None if wanted.follow else min(ends, clock() + patience)):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            except TimeoutError:
                within = deadline if clock() >= ends else patience
                yield LogGap(f"not everything came within {within:g} s: a node does not answer")
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
