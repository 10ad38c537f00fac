"""What callers hold and what we keep of it: opaque secrets and their hashes."""

import hashlib
import hmac
import re
import secrets
import zlib
from pathlib import Path

from pydantic import SecretStr

TOKEN_PREFIX = "so_"  # noqa: S105 (names our tokens, so that secret scanners find leaked ones)
MIN_CONFIGURED_LENGTH = 16
_TOKEN = re.compile(r"so_[0-9a-f]{64}[0-9a-f]{8}")


def sha256(secret: str) -> str:
    """Fast is right here: the secrets have 256 random bits, unlike passwords."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_session() -> str:
    return secrets.token_urlsafe(32)


def new_token() -> str:
    body = secrets.token_hex(32)
    return f"{TOKEN_PREFIX}{body}{_checksum(body)}"


def could_be_token(text: str) -> bool:
    """Whether `text` has a token's form; tells mistyped ones without asking the database."""
    return _TOKEN.fullmatch(text) is not None and _checksum(text[3:67]) == text[67:]


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


class ConfiguredTokens:
    """Admin tokens from ORCHESTRATOR_TOKEN and ORCHESTRATOR_TOKEN_FILE; raises ValueError for unfit ones."""

    def __init__(self, token: SecretStr | None, file: Path | None) -> None:
        self._hashes: list[str] = []
        if token is not None and token.get_secret_value():
            self._accept(token.get_secret_value(), "ORCHESTRATOR_TOKEN")
        if file is not None and file != Path():
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                msg = f"ORCHESTRATOR_TOKEN_FILE: cannot read {file}: {error}"
                raise ValueError(msg) from None
            self._accept(text, "ORCHESTRATOR_TOKEN_FILE")

    def _accept(self, text: str, source: str) -> None:
        token = text.strip()
        if len(token) < MIN_CONFIGURED_LENGTH:
            msg = f"{source} is too short: a token has at least {MIN_CONFIGURED_LENGTH} characters"
            raise ValueError(msg)
        if not token.isascii() or not token.isprintable() or " " in token:
            msg = f"{source} must be one line of ASCII letters, digits and punctuation without spaces"
            raise ValueError(msg)
        self._hashes.append(sha256(token))

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def match(self, token: str) -> bool:
        given = sha256(token)
        # A list, so that every comparison is made whatever the first one says.
        return any([hmac.compare_digest(given, known) for known in self._hashes])  # noqa: C419
