"""Says what went wrong at a registry, as kinds: in sentences that name it and never repeat what it sent."""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
import msgspec

from backend.domain.registry_challenge import origin
from backend.domain.registry_manifest import Malformed, OldSchema
from backend.errors import OrchestratorError, RegistryFailed
from backend.models.registries import RegistryAddress

HOW_TO_SIGN_IN = (
    "store its user name and password on the page under Registry, with PUT /api/registries/{host}, or set "
    "REGISTRY_USERNAME and REGISTRY_PASSWORD_FILE for the default registry"
)


class _Refusal(msgspec.Struct):
    code: str = ""


class _Refusals(msgspec.Struct):
    errors: list[_Refusal]


def refusal_code(body: bytes) -> str:
    """The protocol's error code, such as `DENIED`; empty for anything else a registry may write."""
    try:
        refusals = msgspec.json.decode(body, type=_Refusals).errors
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return ""
    code = refusals[0].code if refusals else ""
    # Only a plain word: a message may repeat anything, even the credentials we sent.
    plain = len(code) <= 60 and code.isascii() and code.replace("_", "").isalpha() and code.isupper()
    return code if plain else ""


def failed(
    reg: RegistryAddress, code: str, sentence: str, *, retry_after: int | None = None
) -> RegistryFailed:
    return RegistryFailed(f"The registry {reg.host} {sentence}", code=code, retry_after=retry_after)


@contextmanager
def explained(reg: RegistryAddress, deadline: float) -> Iterator[None]:
    """Turn whatever a call raises into RegistryFailed."""
    try:
        yield
    except OrchestratorError as error:
        failure = error
    except (TimeoutError, Malformed, aiohttp.ClientError, OSError, ValueError) as error:
        failure = _kind(reg, error, deadline)
    else:
        return
    # The frames below hold what the registry sent, megabytes perhaps, for as long as the error lives.
    failure.__traceback__ = failure.__context__ = None
    raise failure


def _kind(reg: RegistryAddress, error: Exception, deadline: float) -> OrchestratorError:
    """The first that fits; the order matters, because aiohttp's errors are kinds of each other."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return failed(
            reg,
            "registry_timeout",
            f"took no connection in time at {reg.url}; is its machine on, or does a firewall drop packets?",
        )
    if isinstance(error, TimeoutError):
        return failed(
            reg,
            "registry_timeout",
            f"did not answer within {deadline:g} s at {reg.url}; is it overloaded?",
        )
    if isinstance(error, OldSchema):
        return failed(
            reg,
            "registry_schema1",
            "keeps this image in Docker's schema 1, which current engines do not run; push it again with a "
            "current Docker.",
        )
    if isinstance(error, Malformed):
        return failed(
            reg, "registry_bad_answer", f"sent what cannot be right: {error}; push the image again."
        )
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return failed(reg, "registry_tls", _tls_trouble(reg, error))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return failed(
            reg, "registry_unreachable", f"has a name that does not resolve: {reg.url}; is it written right?"
        )
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return failed(
            reg,
            "registry_unreachable",
            f"broke off in the middle of an answer at {reg.url}; its log says why.",
        )
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else "no connection"
        return failed(
            reg, "registry_unreachable", f"cannot be reached at {reg.url} ({reason}); is it running there?"
        )
    return failed(
        reg, "not_a_registry", f"does not speak HTTP as registries do at {reg.url}; is the port right?"
    )


def _tls_trouble(reg: RegistryAddress, error: Exception) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"has a certificate at {reg.url} that this machine does not trust ({cause.verify_message}); "
            "install its authority's certificate here, or correct the host name."
        )
    return f"does not speak TLS at {reg.url}; if it serves plain HTTP, configure its address with http://."


def judge_status(reg: RegistryAddress, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise for every status that has one meaning whatever was asked."""
    word = refusal_code(body)
    said = f" ({word})" if word else ""
    if 300 <= status < 400:
        target = origin(headers.get("Location", ""))
        where = f" to {target[0]}://{target[1]}:{target[2]}" if target else ""
        raise failed(
            reg,
            "registry_redirected",
            f"sends us elsewhere{where}, which is not followed; configure the address that answers itself.",
        )
    if status == 401:
        raise failed(
            reg,
            "registry_unauthorized",
            f"does not let us in{said}; " + HOW_TO_SIGN_IN.format(host=reg.host) + ".",
        )
    if status == 403:
        raise failed(
            reg,
            "registry_denied",
            f"does not allow this{said}; its user needs the right to pull, to list, or to delete.",
        )
    if status == 429:
        wait = headers.get("Retry-After", "")
        after = min(int(wait), 3600) if wait.isdecimal() and len(wait) < 6 else 30
        raise failed(
            reg, "registry_busy", f"asks us to wait{said}: too many requests.", retry_after=max(after, 1)
        )
    if status >= 500:
        raise failed(
            reg, "registry_error", f"failed with status {status}{said} at {reg.url}; its log says why."
        )
    if is_html(headers) and "Docker-Distribution-Api-Version" not in headers:
        raise no_registry(reg)


def no_registry(reg: RegistryAddress) -> RegistryFailed:
    return failed(
        reg,
        "not_a_registry",
        f"answers at {reg.url}, but not as a registry: there is a web page or another program; correct the "
        "address.",
    )


def unexpected_status(reg: RegistryAddress, status: int, body: bytes) -> RegistryFailed:
    word = refusal_code(body)
    said = f" ({word})" if word else ""
    hint = ""
    if status == 400 and reg.insecure and b"HTTPS" in body:
        hint = " It wants TLS: configure its address with https:// in front."
    return failed(
        reg, "registry_bad_answer", f"answered with the unexpected status {status}{said} at {reg.url}.{hint}"
    )


def is_html(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() in {
        "text/html",
        "application/xhtml+xml",
    }
