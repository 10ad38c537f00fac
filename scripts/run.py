"""`make run`: find a swarm or start one, then become the server; `--dev` adds reload and Vite."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal, NoReturn

from pydantic import ValidationError

from backend.clients.docker_client import SwarmClient
from backend.config import Settings
from backend.errors import InvalidInput, OrchestratorError
from scripts.node import FRONTEND, find_node
from scripts.shell import ROOT

LAB = "demo"
PROBE_SECONDS = 6.0


@dataclass(frozen=True)
class Engine:
    """What stands behind a DOCKER_HOST."""

    kind: Literal["manager", "other", "silent"]
    detail: str


def main() -> int:
    os.chdir(ROOT)
    try:
        settings = Settings()
    except ValidationError as problem:
        for error in problem.errors():
            name = ".".join(str(part) for part in error["loc"]).upper()
            print(f"{name} in .env or the environment: {error['msg']}", file=sys.stderr)
        return 2
    if holder := _port_is_taken(settings):
        print(holder, file=sys.stderr)
        return 1
    if "seed_examples" not in settings.model_fields_set:
        os.environ["ORCHESTRATOR_SEED_EXAMPLES"] = "true"
    try:
        choose_engine(settings)
    except InvalidInput as problem:
        print(problem.detail, file=sys.stderr)
        return 2
    if sys.argv[1:] == ["--dev"]:
        return serve_with_reload(settings)
    return become_server()


def become_server() -> NoReturn:
    os.execv(sys.executable, [sys.executable, "-m", "backend"])


def choose_engine(settings: Settings) -> None:
    """Leave DOCKER_HOST and REGISTRY_URL in the environment as the server should have them."""
    engine = asyncio.run(ask(settings))
    if engine.kind == "manager":
        _say(f"using the swarm at {settings.docker_host}: {engine.detail}")
        return
    if engine.kind == "other":
        _say(f"the engine at {settings.docker_host} answers, but {engine.detail}")
        _say("starting anyway; the page will follow as soon as it is one")
        return
    if "docker_host" in settings.model_fields_set:
        _say(f"DOCKER_HOST ({settings.docker_host}) does not answer: {engine.detail}; using the lab instead")
    lab = start_lab()
    if lab is None:
        _say("starting anyway, without an engine; set DOCKER_HOST to a swarm manager and start again")
        return
    os.environ["DOCKER_HOST"] = lab["DOCKER_HOST"]
    if "registry_url" not in settings.model_fields_set:
        os.environ |= {name: value for name, value in lab.items() if name.startswith("REGISTRY_")}
    _say(f"using the lab `{LAB}`: DOCKER_HOST={lab['DOCKER_HOST']}; `make lab-down` takes it down")


async def ask(settings: Settings) -> Engine:
    client = SwarmClient(
        settings.docker_host, cert_path=settings.docker_cert_path, tls_verify=settings.docker_tls_verify
    )
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            info = await client.info()
    except OrchestratorError as problem:
        return Engine("silent", problem.detail)
    except TimeoutError:
        return Engine("silent", f"no answer within {PROBE_SECONDS:.0f} s")
    finally:
        await client.close()
    if info.is_manager:
        return Engine("manager", f"engine {info.engine_version}")
    if info.local_state == "locked":
        return Engine("other", "its swarm is locked: run `docker swarm unlock` there")
    if info.local_state == "active":
        return Engine("other", "it is a worker: set DOCKER_HOST to a manager of its swarm")
    return Engine("other", "it is not part of a swarm: run `docker swarm init` there to make it a manager")


def start_lab() -> dict[str, str] | None:
    """Bring the lab up if it is not, and return its variables; None when it cannot run here."""
    lab = [sys.executable, "-m", "lab"]
    # The lab says for itself what it does and, in one sentence, why it cannot.
    if subprocess.run([*lab, "up", "--name", LAB], stdin=subprocess.DEVNULL, check=False).returncode != 0:
        return None
    told = subprocess.run([*lab, "env", "--name", LAB], capture_output=True, text=True, check=False)
    variables = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
    return variables if {"DOCKER_HOST", "REGISTRY_URL"} <= variables.keys() else None


def serve_with_reload(settings: Settings) -> int:
    """Run uvicorn and Vite side by side; when either ends, or on Ctrl-C, end both."""
    node = find_node()
    if node is None:
        _say("no Node found; run `make dev`, which installs one")
        return 1
    host = ["--host", settings.app_host, "--port", str(settings.app_port)]
    reload = ["--reload", "--reload-dir", "backend", "--timeout-graceful-shutdown", "3"]
    api = subprocess.Popen([sys.executable, "-m", "uvicorn", "backend.main:app", *host, *reload])
    page = subprocess.Popen(
        [node.bin_dir / "npm", "run", "dev"], cwd=FRONTEND, env={**os.environ, **node.env}
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        os.waitpid(-1, 0)
    except KeyboardInterrupt:
        pass
    finally:
        for process in (page, api):
            process.terminate()
        for process in (page, api):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
    return 0


def _port_is_taken(settings: Settings) -> str | None:
    """Say so before a lab is started for nothing; the server itself would find out last."""
    family = socket.AF_INET6 if ":" in settings.app_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.app_host, settings.app_port))
        except OSError as problem:
            where = f"{settings.app_host}:{settings.app_port}"
            why = (problem.strerror or str(problem)).lower()
            return f"cannot listen on {where}: {why}. Stop what runs there or set APP_PORT to another port."
    return None


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
