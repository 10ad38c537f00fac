"""What can go wrong, as kinds without HTTP; `routers/problems.py` turns them into RFC 9457 problems."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one input field.

    `field` is a dotted path as the caller wrote it (`definition.ports[0]`), `reason` a sentence that says
    what is wrong and what would be right. `line` and `column` count from 1 and exist for YAML only.
    """

    field: str
    reason: str
    line: int | None = None
    column: int | None = None


class OrchestratorError(Exception):
    """The root of every error we raise on purpose.

    `code` is stable and machine-readable; `detail` is a sentence for people that never holds a secret.
    `retry_after` is in seconds.
    """

    code = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors
        self.retry_after = retry_after


class InvalidInput(OrchestratorError):
    """The request itself cannot be right; nothing was changed."""

    code = "invalid_input"


class NotFound(OrchestratorError):
    code = "not_found"


class Conflict(OrchestratorError):
    """The request is well-formed but does not fit the present state; nothing was changed."""

    code = "conflict"


class PreconditionFailed(OrchestratorError):
    """`If-Match` named another revision than the present one."""

    code = "revision_changed"


class PayloadTooLarge(OrchestratorError):
    code = "payload_too_large"


class Unauthenticated(OrchestratorError):
    code = "unauthenticated"


class Denied(OrchestratorError):
    code = "denied"


class ApprovalRequired(Denied):
    """Nothing was done: a person has to agree first, to what waits under the id `approval`."""

    code = "approval_required"

    def __init__(self, detail: str, *, approval: str) -> None:
        super().__init__(detail)
        self.approval = approval


class TooManyAttempts(OrchestratorError):
    code = "too_many_attempts"


class Overloaded(OrchestratorError):
    """We hold as much of this at once as we are meant to; nothing is wrong with the request."""

    code = "overloaded"


class EngineRefused(OrchestratorError):
    """The engine understood the call and said no, for a reason the caller can mend."""

    code = "engine_refused"


class DockerUnavailable(OrchestratorError):
    """The engine cannot be used now.

    Codes: `docker_unreachable`, `docker_frozen`, `swarm_no_leader`, `not_a_manager`, `swarm_locked`,
    `certificates_expired`, `no_picture_yet`.
    """

    code = "docker_unreachable"


class RegistryFailed(OrchestratorError):
    """A registry cannot be used now, or what it says cannot be right.

    Codes: `registry_unreachable`, `registry_timeout`, `registry_tls`, `registry_unauthorized`,
    `registry_denied`, `registry_busy`, `registry_error`, `registry_redirected`, `not_a_registry`,
    `registry_bad_answer`, `registry_answer_too_large`, `registry_wrong_digest`, `registry_token_realm`,
    `registry_schema1`, `registry_endless`.
    """

    code = "registry_unreachable"


class OutcomeUnknown(OrchestratorError):
    """A write was sent and no verdict came back: it may or may not have happened."""

    code = "outcome_unknown"


class StorageFailed(OrchestratorError):
    """Our own disk or database refused a write; what was there before is still there.

    Codes: `storage_full`, `storage_busy`, `storage_failed`.
    """

    code = "storage_failed"
