"""Twelve tasks an agent is given, each as the calls a competent one needs; what they cost is measured."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp import Client, MCPError
from mcp.types import CallToolResult

PATIENCE = 120.0
"""Seconds that one call may take."""


@dataclass(frozen=True)
class Step:
    tool: str
    arguments: dict[str, Any]
    says: tuple[str, ...] = ()
    """What the answer has to say; of a peer nothing is demanded."""
    fails: bool = False


@dataclass
class Measured:
    """What one task took. `wrong` is what an answer lacked."""

    task: str
    calls: int = 0
    text: int = 0
    """Bytes for clients that read the text of answers."""
    data: int = 0
    """Bytes for clients that read the data."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        mark = f" ({'; '.join(self.wrong)})" if self.wrong else ""
        return f"{self.calls} / {self.text:,} / {self.data:,} B / {self.seconds:.2f} s{mark}"


def ours(run: str, registry: str) -> list[tuple[str, list[Step]]]:
    """The twelve with our tools. Names end in `run`; `registry` is the lab's, with its images."""
    web, crashy, late = f"web-{run}", f"crashy-{run}", f"late-{run}"
    image, wait = f"{registry}/hello-world", "wait_service"
    return [
        (
            "T1 what is broken and why",
            [Step("get_health", {}, (crashy, "code 3", "No such image", "No suitable node"))],
        ),
        (
            "T2 why does crashy fail",
            [Step("diagnose_service", {"name": crashy}, ("code 3", "flux capacitor"))],
        ),
        (
            "T3 scale web to 3, confirm",
            [
                Step("scale_service", {"name": web, "replicas": 3}, ("2 -> 3",)),
                Step(wait, {"name": web, "timeout": 90}, ("succeeded, 3/3",)),
            ],
        ),
        (
            "T4 web's log, 100 lines",
            [Step("get_service_logs", {"name": web, "tail": 100}, ("listens on port",))],
        ),
        (
            "T5 deploy on a taken port, fix, confirm",
            [
                Step(
                    "deploy_service",
                    {"name": late, "image": f"{image}:1", "ports": ["18080:80"]},
                    ("is free",),
                    fails=True,
                ),
                Step("deploy_service", {"name": late, "image": f"{image}:1", "ports": []}, ("created",)),
                Step(wait, {"name": late, "timeout": 90}, ("succeeded, 1/1",)),
            ],
        ),
        (
            "T6 update to a bad image, see why, go back",
            [
                Step("update_service", {"name": late, "image": f"{registry}/nothing:2"}, ("nothing:2",)),
                Step(wait, {"name": late, "timeout": 90}, ("No such image",)),
                Step("rollback_service", {"name": late}, ("rolling",)),
            ],
        ),
        ("T7 capacity of the nodes", [Step("list_nodes", {}, ("free",))]),
        ("T8 settings of web", [Step("inspect_service", {"name": web}, ("DB_PASSWORD=***",))]),
        ("T9 tags of an image", [Step("get_registry_images", {"match": "hello"}, ("hello-world", "latest"))]),
        ("T10 overview of all services", [Step("list_services", {}, (f"{web} running", crashy))]),
        (
            "T11 a misspelt name",
            [
                Step(
                    "scale_service",
                    {"name": f"wbe-{run}", "replicas": 2},
                    (f"Did you mean '{web}'",),
                    fails=True,
                )
            ],
        ),
        (
            "T12 a misspelt argument",
            [Step("scale_service", {"name": web, "replica": 2}, ("did you mean 'replicas'",), fails=True)],
        ),
    ]


async def plant(client: Client, run: str, registry: str) -> None:
    """`web` with two replicas, and three services that do not run, each for a reason of its own."""
    hello = f"{registry}/hello-world:1"
    env = {"DB_PASSWORD": "hunter2", "MODE": "prod"}
    for name, arguments in (
        (f"web-{run}", {"image": hello, "replicas": 2, "env": env, "ports": ["18080:80"]}),
        (f"crashy-{run}", {"image": f"{registry}/crasher"}),
        (f"missing-{run}", {"image": f"{registry}/nothing:1"}),
        (f"pinned-{run}", {"image": hello}),
    ):
        await carry_out(client, Step("deploy_service", {"name": name, **arguments}))
    # A constraint no node meets, on a service that does not run yet: nothing of it can start.
    for step in (
        Step("stop_service", {"name": f"pinned-{run}"}),
        Step("wait_service", {"name": f"pinned-{run}", "timeout": 60}),
        Step("update_service", {"name": f"pinned-{run}", "constraints": ["node.labels.gpu == yes"]}),
    ):
        await carry_out(client, step)
    await carry_out(client, Step("wait_service", {"name": f"web-{run}", "timeout": 90}))
    await carry_out(client, Step("wait_service", {"name": f"crashy-{run}", "timeout": 90}))


async def clean(client: Client, run: str) -> None:
    for name in ("web", "crashy", "missing", "pinned", "late"):
        await client.call_tool("remove_service", {"name": f"{name}-{run}"})


async def replay(client: Client, tasks: Sequence[tuple[str, list[Step]]]) -> list[Measured]:
    """Carry out all tasks, one after the other."""
    found = []
    for task, steps in tasks:
        measured = Measured(task)
        began = time.monotonic()
        for step in steps:
            await _measure(client, step, measured)
        measured.seconds = time.monotonic() - began
        found.append(measured)
    return found


async def _measure(client: Client, step: Step, measured: Measured) -> None:
    measured.calls += 1
    try:
        result = await carry_out(client, step)
    except (TimeoutError, MCPError) as error:
        measured.wrong.append(f"{step.tool}: {str(error)[:60] or 'no answer'}")
        return
    text = "\n".join(getattr(part, "text", "") for part in result.content)
    data = json.dumps(result.structured_content, ensure_ascii=False) if result.structured_content else ""
    measured.text += len(text.encode())
    measured.data += len(data.encode())
    measured.wrong += [
        f"{step.tool} does not say {said!r} but {text[:300]!r}" for said in step.says if said not in text
    ]
    if step.says and result.is_error is not step.fails:
        measured.wrong.append(f"{step.tool}: {text[:200]!r}")


async def carry_out(client: Client, step: Step) -> CallToolResult:
    with anyio.fail_after(PATIENCE):
        return await client.call_tool(step.tool, step.arguments)
