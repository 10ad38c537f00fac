"""What builders say in the end, for people: what is wrong, and what to do about it where that is known."""

import re
from collections.abc import Callable
from typing import Final

from backend.clients.build_events import BuildFailed

_NEEDS_BUILDKIT = re.compile(
    r"requires BuildKit|[Uu]nknown flag: ?(?:mount|chmod|link|network|security|parents|exclude)"
)
_OLD_FRONTEND = re.compile(r"[Uu]nknown (?:instruction|flag): ?|unexpected key '")
_PLAIN_HTTP = "server gave HTTP response to HTTPS client"
_DENIED = re.compile(
    r"401 Unauthorized|unauthorized: |no basic auth|authentication required|no active sessions"
)

type _Say = Callable[[re.Match[str], str], str]
"""From what the builder said, and the instruction it was at, to our sentence."""


def _exit_code(match: re.Match[str], instruction: str) -> str:
    what = instruction or f"RUN {match['command']}"
    return f"`{_short(what)}` ended with exit code {match['code']}; its output says why."


def _nothing_to_copy(match: re.Match[str], instruction: str) -> str:
    return (
        f"`{_short(instruction or 'COPY')}` finds no '{match['path'].lstrip('/')}': paths begin at the "
        "folder that is built, case matters, and what .dockerignore names is not there."
    )


def _no_base(match: re.Match[str], _instruction: str) -> str:
    return (
        f"The registry has no {match['image']}, which a FROM line names: correct its name or tag, or push it "
        "there first."
    )


def _registry_away(match: re.Match[str], _instruction: str) -> str:
    why = match["why"].partition(" (did you mean")[0].strip()
    return (
        f"The engine does not reach the registry of {match['image']}, which a FROM line names: {why}. Let it "
        "reach that registry, or name an image of one that it does reach."
    )


def _no_platform(match: re.Match[str], _instruction: str) -> str:
    return (
        f"There is no {match['image']} for the platform that is built for: name an image of a FROM line that "
        "has it, or build for another platform (`platforms`)."
    )


def _before_from(_match: re.Match[str], _instruction: str) -> str:
    return "The Dockerfile has an instruction before its first FROM; only ARG may stand there."


def _empty(_match: re.Match[str], _instruction: str) -> str:
    return "The Dockerfile is empty: it has to begin with a FROM line."


def _no_stage(match: re.Match[str], _instruction: str) -> str:
    return (
        f"The Dockerfile has no stage {match['name']}, which `target` names: the stages are what its FROM "
        "lines call themselves after AS."
    )


_SAID: Final[tuple[tuple[re.Pattern[str], _Say], ...]] = (
    (
        re.compile(
            r'process "(?:/bin/sh -c )?(?P<command>.*)" did not complete successfully: '
            r"exit code: (?P<code>\d+)",
            re.DOTALL,
        ),
        _exit_code,
    ),
    (
        re.compile(
            r"The command '(?:/bin/sh -c )?(?P<command>.*)' returned a non-zero code: (?P<code>\d+)",
            re.DOTALL,
        ),
        _exit_code,
    ),
    (
        re.compile(r'failed to calculate checksum of ref [^"]*"(?P<path>[^"]+)": not found'),
        _nothing_to_copy,
    ),
    (
        re.compile(
            r"(?:COPY|ADD) failed: (?:file not found in build context[^:]*: )?stat (?P<path>[^:]+): "
            r"(?:file does not exist|no such file)"
        ),
        _nothing_to_copy,
    ),
    (re.compile(r"no build stage in current context"), _before_from),
    (re.compile(r"the Dockerfile cannot be empty|file with no instructions"), _empty),
    (re.compile(r'target stage "?(?P<name>[^"]*?)"? could not be found'), _no_stage),
    (
        re.compile(
            r"failed to resolve source metadata for (?P<image>\S+): failed to do request: "
            r'\w+ "[^"]*": (?P<why>.*)'
        ),
        _registry_away,
    ),
    (re.compile(r"failed to resolve source metadata for (?P<image>\S+): (?:\S+: )?not found"), _no_base),
    (re.compile(r"manifest for (?P<image>\S+) not found"), _no_base),
    # The classic builder says so of an image that it has just pulled for another platform.
    (re.compile(r"No such image: (?P<image>\S+?)\.?$"), _no_platform),
    (re.compile(r"(?P<image>\S+?): (?:[^:]*: )*no match for platform in manifest"), _no_platform),
)
_LONGEST: Final = 160


def advised(failure: BuildFailed, *, buildkit: bool, old_engine: bool) -> BuildFailed:
    """The same, with what to do about it where that is known."""
    cause, code = failure.detail, "build_needs_buildkit"
    if buildkit and old_engine and _OLD_FRONTEND.search(cause):
        advice = "Heredocs and COPY --link need Docker 23 or newer; the engine is older."
    elif not buildkit and (_NEEDS_BUILDKIT.search(cause) or "HEREDOC" in cause.upper()):
        advice = (
            "This Dockerfile needs BuildKit (RUN --mount, COPY --chmod or --link, heredocs), which the "
            "engine's daemon.json switches off, or BUILD_MEMORY_BYTES or BUILD_CPUS excludes, since it takes "
            "no limits, or an engine before 27.5 with the containerd image store cannot use."
        )
    elif buildkit and old_engine and _PLAIN_HTTP in cause:
        advice = (
            "BuildKit of Docker 20.10 pulls over HTTPS only: pull the image on this engine first, or use "
            "Docker 23 or newer."
        )
    elif "exec format error" in cause:
        advice = (
            "The builder's machine cannot run programs of this platform: install QEMU's handlers (binfmt), "
            "build on a machine of that architecture, or compile across in a stage `FROM "
            "--platform=$BUILDPLATFORM`."
        )
        code = "build_needs_emulation"
    elif _DENIED.search(cause) and failure.exit_code is None:
        advice = "Give credentials for the registry of this FROM line."
        code = "build_denied"
    else:
        return in_our_words(failure)
    return BuildFailed(
        f"{cause.rstrip('.')}. {advice}", step=failure.step, exit_code=failure.exit_code, code=code
    )


def in_our_words(failure: BuildFailed) -> BuildFailed:
    """The same, without what only the builder's makers understand."""
    instruction = re.sub(r"^\[[^\]]*\]\s*", "", failure.step or "").strip()
    for pattern, say in _SAID:
        if match := pattern.search(failure.detail):
            return BuildFailed(
                say(match, instruction), step=failure.step, exit_code=failure.exit_code, code=failure.code
            )
    return failure


def _short(instruction: str) -> str:
    line = " ".join(instruction.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
