"""Each sentence an engine is known to say, and the kind and code it becomes."""

import aiohttp
import pytest
from aiodocker import DockerError

from backend.clients.engine_errors import Call, StaleVersion, from_answer, sentence_of, translate
from backend.errors import (
    Conflict,
    DockerUnavailable,
    EngineRefused,
    InvalidInput,
    NotFound,
    OrchestratorError,
    OutcomeUnknown,
)
from tests.fakes import engine_http

READ = Call("services")
WRITE = Call("service", "web", writes=True)
NODE = Call("node", "worker-1", writes=True)
IMAGE = Call("image", "10.0.0.5:5000/web:1")


@pytest.mark.parametrize(
    ("status", "text", "call", "kind", "code"),
    [
        (503, engine_http.NOT_A_MANAGER, READ, DockerUnavailable, "not_a_manager"),
        (503, engine_http.WORKER, READ, DockerUnavailable, "not_a_manager"),
        (503, "This node is not part of a swarm", WRITE, DockerUnavailable, "not_a_manager"),
        (503, engine_http.LOCKED, READ, DockerUnavailable, "swarm_locked"),
        (503, engine_http.EXPIRED, READ, DockerUnavailable, "certificates_expired"),
        (500, engine_http.NO_LEADER, READ, DockerUnavailable, "swarm_no_leader"),
        (500, engine_http.NO_LEADER, WRITE, OutcomeUnknown, "outcome_unknown"),
        (
            500,
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            READ,
            DockerUnavailable,
            "swarm_no_leader",
        ),
        (
            500,
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            WRITE,
            OutcomeUnknown,
            "outcome_unknown",
        ),
        (
            503,
            'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing"',
            READ,
            DockerUnavailable,
            "swarm_no_leader",
        ),
        (
            500,
            "rpc error: code = Unknown desc = update out of sequence",
            WRITE,
            StaleVersion,
            "changed_meanwhile",
        ),
        (
            409,
            (
                "rpc error: code = AlreadyExists desc = name conflicts with an existing object: "
                "service web already exists"
            ),
            WRITE,
            Conflict,
            "name_taken",
        ),
        (
            500,
            "rpc error: code = Unknown desc = name conflicts with an existing object",
            WRITE,
            Conflict,
            "name_taken",
        ),
        (
            400,
            (
                "rpc error: code = InvalidArgument desc = port '80' is already in use by service "
                "'shop' (abc) as an ingress port"
            ),
            WRITE,
            Conflict,
            "port_taken",
        ),
        (
            400,
            (
                "rpc error: code = InvalidArgument desc = port '80' is already in use by service "
                "'shop' (abc) as a host-published port"
            ),
            WRITE,
            Conflict,
            "port_taken",
        ),
        (
            404,
            "rpc error: code = NotFound desc = service web not found",
            Call("service", "web"),
            NotFound,
            "not_found",
        ),
        (404, "service web not found", WRITE, NotFound, "not_found"),
        (404, "node worker-1 not found", NODE, NotFound, "not_found"),
        (404, "network shop not found", WRITE, InvalidInput, "invalid_input"),
        (500, "network shop not found", WRITE, InvalidInput, "invalid_input"),
        (
            400,
            "rpc error: code = InvalidArgument desc = secret not found: key",
            WRITE,
            InvalidInput,
            "invalid_input",
        ),
        (
            400,
            "rpc error: code = InvalidArgument desc = configs not found: a, b",
            WRITE,
            InvalidInput,
            "invalid_input",
        ),
        (
            500,
            "rpc error: code = Unknown desc = constraint expected one operator from ==, !=",
            WRITE,
            InvalidInput,
            "invalid_input",
        ),
        (500, "rpc error: code = Unknown desc = key 'a b' is invalid", WRITE, InvalidInput, "invalid_input"),
        (
            400,
            "rpc error: code = InvalidArgument desc = name must be valid as a DNS name component",
            WRITE,
            InvalidInput,
            "invalid_input",
        ),
        (
            400,
            "rpc error: code = FailedPrecondition desc = service abc does not have a previous spec",
            WRITE,
            Conflict,
            "no_previous_spec",
        ),
        (
            501,
            "rpc error: code = Unimplemented desc = service mode change is not allowed",
            WRITE,
            EngineRefused,
            "mode_change",
        ),
        (
            501,
            "rpc error: code = Unimplemented desc = renaming services is not supported",
            WRITE,
            EngineRefused,
            "rename",
        ),
        (
            400,
            "rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm",
            NODE,
            Conflict,
            "quorum",
        ),
        (
            400,
            (
                "rpc error: code = FailedPrecondition desc = can't remove member from the raft: "
                "this would result in a loss of quorum"
            ),
            NODE,
            Conflict,
            "quorum",
        ),
        (
            400,
            "rpc error: code = FailedPrecondition desc = node abc is not down and can't be removed",
            NODE,
            Conflict,
            "node_not_down",
        ),
        (
            500,
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max",
            WRITE,
            EngineRefused,
            "too_large",
        ),
        (
            400,
            (
                "client version 1.41 is too old. Minimum supported API version is 1.44, please "
                "upgrade your client"
            ),
            READ,
            EngineRefused,
            "engine_version",
        ),
        (404, "manifest unknown: manifest unknown", IMAGE, NotFound, "image_not_found"),
        (500, "10.0.0.5:5000/web:1: not found", IMAGE, NotFound, "image_not_found"),
        (401, "unauthorized: authentication required", IMAGE, EngineRefused, "registry_denied"),
        (403, "denied: requested access to the resource is denied", IMAGE, EngineRefused, "registry_denied"),
        (
            500,
            'Get "http://10.0.0.5:5000/v2/": dial tcp 10.0.0.5:5000: connect: connection refused',
            IMAGE,
            EngineRefused,
            "registry_unreachable",
        ),
        (
            400,
            "invalid reference format: repository name must be lowercase",
            IMAGE,
            InvalidInput,
            "invalid_input",
        ),
        (409, "something is in the way", WRITE, Conflict, "conflict"),
        (502, "bad gateway", READ, DockerUnavailable, "docker_unreachable"),
        (500, "an error nobody has seen yet", WRITE, EngineRefused, "engine_refused"),
    ],
)
def test_an_answer_becomes_a_kind_with_a_code(
    status: int, text: str, call: Call, kind: type[OrchestratorError], code: str
) -> None:
    error = from_answer(status, text, call)
    assert type(error) is kind
    assert error.code == code
    assert "rpc error" not in error.detail
    assert error.detail.strip()


def test_what_a_registry_says_twice_is_said_once() -> None:
    error = from_answer(404, "manifest unknown: manifest unknown", IMAGE)
    assert error.detail.endswith(": manifest unknown")
    assert error.detail.count("manifest unknown") == 1


def test_a_taken_port_names_port_holder_and_mode() -> None:
    text = (
        "rpc error: code = InvalidArgument desc = port '8080' is already in use by "
        "service 'shop' (abc) as an ingress port"
    )
    error = from_answer(400, text, WRITE)
    assert "8080" in error.detail
    assert "'shop'" in error.detail
    assert "ingress" in error.detail


def test_an_unknown_secret_is_named() -> None:
    error = from_answer(400, "rpc error: code = InvalidArgument desc = secret not found: db-password", WRITE)
    assert error.detail == "secret not found: db-password"


def test_unavailability_says_when_to_come_back() -> None:
    assert from_answer(503, engine_http.LOCKED, READ).retry_after == 5


def test_an_endless_sentence_is_shortened() -> None:
    assert len(sentence_of("x" * 10_000)) < 700


def test_silence_of_a_frozen_engine_is_told_from_a_swarm_without_leader() -> None:
    frozen = translate(TimeoutError(), READ, host="h", waited=8.0)
    assert (type(frozen), frozen.code) == (DockerUnavailable, "docker_frozen")
    leaderless = translate(TimeoutError(), READ, host="h", waited=8.0, engine_alive=True)
    assert (type(leaderless), leaderless.code) == (DockerUnavailable, "swarm_no_leader")
    write = translate(TimeoutError(), WRITE, host="h", waited=25.0)
    assert type(write) is OutcomeUnknown


def test_a_connection_not_accepted_in_time_was_never_used() -> None:
    error = translate(aiohttp.ConnectionTimeoutError(), WRITE, host="h", waited=25.0)
    assert (type(error), error.code) == (DockerUnavailable, "docker_unreachable")


def test_a_broken_connection_makes_a_write_unknown_and_a_read_unavailable() -> None:
    broken = DockerError(900, "Cannot connect")
    broken.__context__ = aiohttp.ServerDisconnectedError()
    assert type(translate(broken, WRITE, host="h", waited=1.0)) is OutcomeUnknown
    assert type(translate(broken, READ, host="h", waited=1.0)) is DockerUnavailable


def test_what_is_no_engine_is_called_so() -> None:
    error = translate(ValueError("no JSON"), READ, host="h", waited=1.0)
    assert (type(error), error.code) == (EngineRefused, "not_an_engine")


def test_an_answer_that_is_cut_off_is_told_without_the_librarys_words() -> None:
    cut = aiohttp.ClientPayloadError(
        "Response payload is not completed: <TransferEncodingError: 400, message='Not enough data'>"
    )
    found = translate(cut, Call("build"), host="tcp://10.0.0.1:2376", waited=1800)
    assert isinstance(found, DockerUnavailable)
    assert found.detail == (
        "The engine at tcp://10.0.0.1:2376 broke off in the middle of an answer: it was stopped, or its "
        "machine lost power."
    )
