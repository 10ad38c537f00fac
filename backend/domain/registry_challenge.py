"""Reads what registries say in headers: how to prove who we are, and where the next page is."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

MAX_HEADER: Final = 4_096
_SCHEME: Final = re.compile(r"\s*(basic|bearer)(?:\s+|$)", re.IGNORECASE)
_PARAMETER: Final = re.compile(
    r'\s*([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)', re.IGNORECASE
)
_LINK: Final = re.compile(r'<([^<>]*)>\s*;[^<]*?\brel\s*=\s*"?next"?(?=\s*[;,]|\s*$)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a 401 asks for; `realm` is where tokens are given out."""

    scheme: Literal["basic", "bearer"]
    realm: str = ""
    service: str = ""
    scope: str = ""


def read_challenges(values: list[str]) -> Challenge | None:
    """The strongest way that is offered and that we know: a token before a password."""
    found = [one for one in map(_challenge, values) if one is not None]
    return min(found, key=lambda one: one.scheme == "basic", default=None)


def next_page(link: str | None, page: str) -> str | None:
    """The address of the next page, None at the end; ValueError when it leads away from the registry."""
    match = _LINK.search(link[:MAX_HEADER]) if link else None
    if match is None:
        return None
    target: str = urljoin(page, match[1].strip())
    if origin(target) != origin(page):
        raise ValueError(target)
    return target


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what is no address of the web or holds credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    return parts.scheme, parts.hostname.lower(), port or (443 if parts.scheme == "https" else 80)


def _challenge(value: str) -> Challenge | None:
    value = value[:MAX_HEADER]
    scheme = _SCHEME.match(value)
    if scheme is None:
        return None
    if scheme[1].lower() == "basic":
        return Challenge("basic")
    fields: dict[str, str] = {}
    position = scheme.end()
    while match := _PARAMETER.match(value, position):
        quoted = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        fields.setdefault(match[1].lower(), quoted)
        position = match.end()
    return Challenge("bearer", fields.get("realm", ""), fields.get("service", ""), fields.get("scope", ""))
