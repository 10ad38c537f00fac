"""Hides what looks like a secret: values under telling keys, and texts of a telling shape."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

MASK: Final = "***"

_TELLING: Final = frozenset(
    {"password", "passwd", "passphrase", "pass", "pwd", "secret", "secrets", "token", "tokens", "apikey"}
    | {"credential", "credentials", "auth", "dsn", "salt", "cookie", "bearer", "privatekey", "accesskey"}
    | {"signature", "sealed", "certificate", "otp", "pin"}
)
_TELLING_PAIRS: Final = frozenset(
    {("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key"), ("signing", "key")}
    | {("encryption", "key"), ("master", "key"), ("ssh", "key"), ("connection", "string")}
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_SHAPES: Final = re.compile(
    "|".join(
        (
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}KEY-----|\Z)",
            r"\b(?:AKIA|ASIA|AROA)[0-9A-Z]{16}\b",
            r"\bgh[pousr]_[A-Za-z0-9]{20,255}\b",
            r"\bgithub_pat_[A-Za-z0-9_]{20,255}\b",
            r"\bglpat-[A-Za-z0-9_-]{16,255}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}",
            r"\b(?:sk|rk|pk)[-_](?:live|test|proj|ant|or)[-_][A-Za-z0-9_-]{10,255}",
            r"\bsk-[A-Za-z0-9]{20,255}\b",
            r"\bAIza[0-9A-Za-z_-]{35}",
            r"\b(?:npm|hf|dop_v1|dckr_pat|dapi|shpat|lin_api)_?[A-Za-z0-9_-]{20,255}\b",
            r"\bso_[0-9a-f]{72}\b",
            r"\bSWM(?:TKN|KEY)-1-[A-Za-z0-9+/=-]{20,255}",
            r"\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{4,2000}",
        )
    )
)
_USERINFO: Final = re.compile(
    r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200}:)([^\s/@]{1,300})(@)", re.IGNORECASE
)
_SCHEME: Final = re.compile(r"\b(bearer|basic)(\s+)([A-Za-z0-9+/=._~-]{8,4000})", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    r"""(?P<key>[A-Za-z][A-Za-z0-9_.-]{1,60})(?P<between>["']?[ \t]{0,3}(?:=>|[=:])[ \t]{0,3})"""
    r"""(?P<value>"[^"\n]{1,1000}"|'[^'\n]{1,1000}'|[^\s"',;&}\])]{1,1000})"""
)


def is_telling(key: str) -> bool:
    """Whether what stands under this name is meant to be secret: `DB_PASSWORD`, `apiKey`; not `AUTHOR`."""
    words = [word.lower() for word in _WORD.findall(key)]
    return any(word in _TELLING for word in words) or any(pair in _TELLING_PAIRS for pair in pairwise(words))


def masked_text(text: str) -> str:
    """The text with every secret of a known shape, and every `password=…` in it, hidden."""
    text = _SHAPES.sub(MASK, text)
    text = _USERINFO.sub(rf"\g<1>{MASK}\g<3>", text)
    text = _SCHEME.sub(rf"\g<1>\g<2>{MASK}", text)
    return _ASSIGNED.sub(_assigned, text)


def masked(value: Any) -> Any:
    """The same for data of any depth that JSON can say."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {
            key: MASK if is_telling(str(key)) and _is_value(item) else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value


def _is_value(value: Any) -> bool:
    # `secrets: [db_password]` in a definition names secrets and holds none.
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _assigned(found: re.Match[str]) -> str:
    if not is_telling(found["key"]):
        return found[0]
    value = found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found['key']}{found['between']}{quote}{MASK}{quote}"
