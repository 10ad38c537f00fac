"""The one table from what an engine says, or fails to say, to the kinds of `backend.errors`."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import msgspec
from aiodocker import DockerError

from backend.errors import (
    Conflict,
    DockerUnavailable,
    EngineRefused,
    InvalidInput,
    NotFound,
    OrchestratorError,
    OutcomeUnknown,
)

_RETRY_AFTER = 5
_LONGEST_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked of the engine: a kind of thing, its name, and whether the call changes anything."""

    kind: str
    name: str = ""
    writes: bool = False

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'" if self.name else self.kind


class StaleVersion(Conflict):
    """The object changed between our read and our write. Read again, edit again, write again."""

    code = "changed_meanwhile"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    sentence: str
    call: Call
    match: re.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The first rule whose pattern is found in the engine's text, and whose status fits, decides."""

    pattern: str
    error: Callable[[Answer], OrchestratorError]
    status: frozenset[int] = frozenset()
    kind: str = ""


def _unavailable(code: str, sentence: str) -> Callable[[Answer], OrchestratorError]:
    return lambda _: DockerUnavailable(sentence, code=code, retry_after=_RETRY_AFTER)


def _no_leader(answer: Answer) -> OrchestratorError:
    if answer.call.writes:
        return OutcomeUnknown(
            f"The swarm lost its leader while {answer.call} was being changed: "
            "the change may or may not have happened."
        )
    return DockerUnavailable(_NO_LEADER, code="swarm_no_leader", retry_after=_RETRY_AFTER)


_NO_LEADER = (
    "The swarm has no leader: more than half of its managers must be reachable. "
    "Running tasks go on; nothing can be changed until managers return."
)


def _port_taken(answer: Answer) -> OrchestratorError:
    port, holder, how = answer.match["port"], answer.match["holder"], answer.match["how"]
    mode = "in ingress mode, on every node" if "ingress" in how else "in host mode"
    return Conflict(
        f"Port {port} is already published by service '{holder}' ({mode}). Choose another port.",
        code="port_taken",
    )


def _refused(code: str) -> Callable[[Answer], OrchestratorError]:
    return lambda answer: EngineRefused(answer.sentence, code=code)


def _conflict(code: str) -> Callable[[Answer], OrchestratorError]:
    return lambda answer: Conflict(answer.sentence, code=code)


def _invalid(answer: Answer) -> OrchestratorError:
    return InvalidInput(answer.sentence)


def _stale(answer: Answer) -> OrchestratorError:
    return StaleVersion(f"{answer.call} was changed by someone else at the same moment.")


def _name_taken(answer: Answer) -> OrchestratorError:
    return Conflict(f"The swarm already has a {answer.call}.", code="name_taken")


def _not_found(answer: Answer) -> OrchestratorError:
    if answer.call.writes and answer.call.kind not in answer.sentence.lower():
        return InvalidInput(answer.sentence)
    return NotFound(f"The swarm has no {answer.call}.")


def _registry(code: str, problem: str) -> Callable[[Answer], OrchestratorError]:
    return lambda answer: EngineRefused(
        f"The registry {problem} for {answer.call}: {answer.sentence}", code=code
    )


def _no_image(answer: Answer) -> OrchestratorError:
    # A registry's code and its message often are the same words.
    code, _, message = answer.sentence.partition(": ")
    said = code if code == message else answer.sentence
    return NotFound(f"The registry has no {answer.call}: {said}", code="image_not_found")


RULES: tuple[Rule, ...] = (
    Rule(
        r"not a swarm manager|not part of a swarm|node is not participating as a swarm manager",
        _unavailable(
            "not_a_manager",
            "The engine is not a swarm manager. Run `docker swarm init` on it, or point DOCKER_HOST at one.",
        ),
    ),
    Rule(
        r"needs to be unlocked|swarm is encrypted",
        _unavailable("swarm_locked", "The swarm is locked. Run `docker swarm unlock` on this manager."),
    ),
    Rule(
        r"certificates? (have|has) expired",
        _unavailable(
            "certificates_expired",
            "This node's swarm certificates have expired. The node must leave the swarm and join again.",
        ),
    ),
    # Before the leader rules: "rpc error: code = Unknown desc = update out of sequence" is an ordinary 500.
    Rule(r"update out of sequence", _stale),
    Rule(r"does not have a leader|no elected leader|raft: leader|not the leader|lost leadership", _no_leader),
    Rule(
        r"DeadlineExceeded|context deadline exceeded", _no_leader, frozenset({500, 503, 504}), kind="!image"
    ),
    Rule(
        r"port '(?P<port>\d+)' is already in use by service '(?P<holder>[^']+)'.* as (?P<how>[\w -]+)",
        _port_taken,
    ),
    Rule(r"name conflicts with an existing object|already exists", _name_taken, frozenset({409, 500})),
    # These two come as 500, though it is the spec that is wrong.
    Rule(r"constraint expected one operator|(key|value) '.*' is invalid", _invalid, kind="service"),
    Rule(r"\b(network|volume|secret|config)s? .*not found", _invalid, kind="service"),
    Rule(r"does not have a previous spec", _conflict("no_previous_spec")),
    Rule(r"service mode change is not allowed", _refused("mode_change")),
    Rule(r"renaming services is not supported", _refused("rename")),
    Rule(r"last manager|loss of quorum|lose quorum", _conflict("quorum")),
    Rule(r"is not down and can't be removed|is a cluster manager", _conflict("node_not_down")),
    Rule(r"received message larger than max|ResourceExhausted", _refused("too_large")),
    Rule(r"client version .* is too (old|new)", _refused("engine_version"), frozenset({400})),
    Rule(
        r"manifest unknown|not found|name unknown|repository name not known",
        _no_image,
        frozenset({400, 403, 404, 500}),
        kind="image",
    ),
    Rule(
        r"unauthorized|denied|authentication required|no basic auth",
        _registry("registry_denied", "refused our credentials"),
        kind="image",
    ),
    Rule(r"invalid reference format|repository name must be", _invalid, kind="image"),
    Rule(r"", _registry("registry_unreachable", "did not answer"), kind="image"),
    Rule(r"", _invalid, frozenset({400, 406})),
    Rule(r"", _not_found, frozenset({404})),
    Rule(r"", _conflict("conflict"), frozenset({409})),
    Rule(r"code = Unavailable|connection error", _no_leader, frozenset({500, 503})),
    Rule(
        r"", _unavailable("docker_unreachable", "The engine cannot answer now."), frozenset({502, 503, 504})
    ),
    Rule(r"", _refused("engine_refused")),
)


def from_answer(status: int, text: str, call: Call) -> OrchestratorError:
    """The kind for an HTTP answer of 400 or more."""
    sentence = sentence_of(text)
    for rule in RULES:
        match = re.search(rule.pattern, text, re.IGNORECASE)
        if match and (not rule.status or status in rule.status) and _concerns(rule.kind, call.kind):
            return rule.error(Answer(status, sentence, call, match))
    raise AssertionError  # the last rule matches everything


def translate(
    error: Exception, call: Call, *, host: str, waited: float, engine_alive: bool = False
) -> OrchestratorError:
    """The kind for whatever a call raised. `engine_alive`: the engine's ping answered after the silence."""
    if isinstance(error, DockerError) and error.status < 900:
        return from_answer(error.status, error.message, call)
    if is_silence(error):
        return _silence(call, host, waited, engine_alive)
    if isinstance(error, msgspec.MsgspecError | ValueError | LookupError):
        return _unreadable(call, host)
    cause = error.__context__ if isinstance(error, DockerError) else error
    never_sent = isinstance(
        cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
    ) or (isinstance(error, DockerError) and cause is None)
    if call.writes and not never_sent:
        return OutcomeUnknown(
            f"The connection to the engine at {host} broke while {call} was being changed: "
            "the change may or may not have happened."
        )
    if isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return DockerUnavailable(
            f"The engine at {host} broke off in the middle of an answer: it was stopped, or its machine lost "
            "power.",
            code="docker_unreachable",
            retry_after=_RETRY_AFTER,
        )
    return DockerUnavailable(
        f"The engine at {host} cannot be reached: {_reason(cause or error)}.",
        code="docker_unreachable",
        retry_after=_RETRY_AFTER,
    )


def is_silence(error: Exception) -> bool:
    """Whether the engine took the call and did not answer in time."""
    return isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError)


def is_version_mismatch(status: int, text: str) -> bool:
    return status == 400 and re.search(r"client version .* is too (old|new)", text) is not None


def sentence_of(text: str) -> str:
    """The engine's text without its RPC prefixes, at a length one can show."""
    cleaned = re.sub(r"rpc error: code = \w+ desc = ", "", text).strip()
    return cleaned if len(cleaned) <= _LONGEST_SENTENCE else cleaned[:_LONGEST_SENTENCE] + " …"


def _silence(call: Call, host: str, waited: float, engine_alive: bool) -> OrchestratorError:
    if call.writes:
        return OutcomeUnknown(
            f"The engine at {host} did not answer within {waited:g} s while {call} was being changed: "
            "the change may or may not have happened."
        )
    if call.kind == "image":
        return EngineRefused(
            f"The registry did not answer for {call} within {waited:g} s.", code="registry_unreachable"
        )
    if engine_alive:
        return DockerUnavailable(
            f"The engine answers but its swarm does not, for {waited:g} s by now. {_NO_LEADER}",
            code="swarm_no_leader",
            retry_after=_RETRY_AFTER,
        )
    return DockerUnavailable(
        f"The engine at {host} accepts connections but did not answer within {waited:g} s.",
        code="docker_frozen",
        retry_after=_RETRY_AFTER,
    )


def _unreadable(call: Call, host: str) -> OrchestratorError:
    sentence = f"What answers at {host} does not talk like a Docker engine; {call} could not be read."
    if call.writes:
        return OutcomeUnknown(sentence)
    return EngineRefused(sentence, code="not_an_engine")


def _concerns(rule_kind: str, call_kind: str) -> bool:
    if rule_kind.startswith("!"):
        return call_kind != rule_kind[1:]
    return not rule_kind or rule_kind == call_kind


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "the connection was not accepted in time"
    if isinstance(error, OSError) and error.errno and not isinstance(error, aiohttp.ClientSSLError):
        # Asyncio puts a text of its own where the system's sentence should be.
        return os.strerror(error.errno).lower() + (f": {error.filename}" if error.filename else "")
    if isinstance(error, DockerError):
        return error.message
    return str(error) or type(error).__name__
