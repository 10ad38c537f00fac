"""A fake engine of a size no lab can have, in a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def fake_engine(*, nodes: int, services: int, tasks: int) -> AsyncIterator[str]:
    """Its DOCKER_HOST."""
    sizes = ("--nodes", str(nodes), "--services", str(services), "--tasks", str(tasks))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.fake_engine", *sizes, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 120)).decode()
        yield line.strip().partition("=")[2]
    finally:
        process.terminate()
        await process.wait()
