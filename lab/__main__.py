"""The command line of the lab: `python -m lab up`, `down`, `status`, `env`, `exec` and the faults."""

import argparse
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.cluster import DEFAULT_NAME, Lab
from lab.errors import LabError
from lab.host import environment, unsuitable
from lab.members import DEFAULT_ENGINE
from lab.registry import USER
from lab.rootfs import SUITES
from lab.status import status, status_text

_FAULTS: dict[str, tuple[Callable[[Lab, str], None], str]] = {
    "power-off": (Lab.power_off, "cut the power of a node: engine and containers are dead at once"),
    "power-on": (Lab.power_on, "boot a node that is off, with the disk it had"),
    "cut": (Lab.cut, "pull the network cable of a node"),
    "join": (Lab.join, "plug the network cable of a node in again"),
    "freeze": (Lab.freeze, "stop a node's engine where it stands (SIGSTOP); its containers run on"),
    "thaw": (Lab.thaw, "let a frozen engine go on"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        lab = Lab(options.name, say=_progress())
        return int(options.run(lab, options))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; `python -m lab down` clears what is there", file=sys.stderr)
        return 130


def _up(lab: Lab, options: argparse.Namespace) -> int:
    lab.up(
        managers=options.managers,
        workers=options.workers,
        engine=options.engine,
        registry_password=_registry_password(lab, options.registry_password),
    )
    return 0


def _registry_password(lab: Lab, file: str | None) -> str | None:
    """None: not asked for; an empty `file` means one that we choose, and keep while the lab runs."""
    if file is None:
        return None
    if not file:
        return (lab.registry.password if lab.running else "") or secrets.token_urlsafe(18)
    password = Path(file).read_text().removesuffix("\n")
    if not password or not password.isprintable() or len(password.encode()) > 72:
        raise LabError(f"{file} holds no password: one line of at most 72 bytes is expected.")
    return password


def _down(lab: Lab, _options: argparse.Namespace) -> int:
    lab.down()
    return 0


def _status(lab: Lab, options: argparse.Namespace) -> int:
    seen = status(lab)
    print(json.dumps(seen, indent=2) if options.json else status_text(seen))
    return 0 if seen["running"] else 1


def _env(lab: Lab, _options: argparse.Namespace) -> int:
    if not lab.running:
        raise LabError(f"Lab {lab.name} is not running; `python -m lab up --name {lab.name}`.")
    print(f"DOCKER_HOST={lab.docker_host}\nREGISTRY_URL={lab.registry_url}")
    if lab.registry.password:
        print(f"REGISTRY_USERNAME={USER}\nREGISTRY_PASSWORD_FILE={lab.registry.password_file}")
    return 0


def _exec(lab: Lab, options: argparse.Namespace) -> int:
    if reason := unsuitable():
        raise LabError(reason)
    arguments: list[str] = options.command
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    command = lab.node(options.node).machine.inside(arguments or ["sh"])
    code = subprocess.run(command, check=False, env=environment()).returncode
    # A command ended by a signal gets the code that a shell would give it.
    return code if code >= 0 else 128 - code


def _fault(lab: Lab, options: argparse.Namespace) -> int:
    _FAULTS[options.verb][0](lab, options.node)
    return 0


def _registry(lab: Lab, options: argparse.Namespace) -> int:
    if options.action == "stop":
        lab.registry_stop()
    else:
        lab.registry_start()
    return 0


def _progress() -> Callable[[str], None]:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)

    return say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=sys.modules["lab"].__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: Callable[[Lab, argparse.Namespace], int], help_: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help_, description=help_)
        added.add_argument("--name", default=DEFAULT_NAME, help="which lab (default: %(default)s)")
        added.set_defaults(run=run)
        return added

    up = verb("up", _up, "bring a lab to a ready swarm with a registry and a few images; fine if it runs")
    up.add_argument("--managers", type=int, metavar="N", help="default: 1")
    up.add_argument("--workers", type=int, metavar="N", help="default: 2")
    up.add_argument(
        "--engine",
        choices=SUITES,
        help=f"Debian suite of the engine: Docker 20.10, 26.1 or the newest (default: {DEFAULT_ENGINE})",
    )
    up.add_argument(
        "--registry-password",
        nargs="?",
        const="",
        metavar="FILE",
        help=f"let only the user `{USER}` into the registry, with the password of FILE or a new one (`env`)",
    )
    verb("down", _down, "remove a lab and every trace of it; cached root file systems stay")
    seen = verb("status", _status, "show nodes, engines and registry; exit code 1 if the lab is not running")
    seen.add_argument("--json", action="store_true", help="for programs")
    verb("env", _env, "print DOCKER_HOST, REGISTRY_URL and who gets in there: `export $(python -m lab env)`")
    execute = verb("exec", _exec, "run a command inside a node: `exec worker-1 docker ps`")
    execute.add_argument("node", metavar="NODE")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    for name, (_, help_) in _FAULTS.items():
        verb(name, _fault, help_).add_argument("node", metavar="NODE", help="e.g. worker-1")
    registry = verb("registry", _registry, "stop (kill) or start the registry; what it holds stays")
    registry.add_argument("action", choices=("stop", "start"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
