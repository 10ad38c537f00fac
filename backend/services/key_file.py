"""Reads a key from a file that somebody keeps for us: 32 bytes in either alphabet of base64."""

import base64
import binascii
from pathlib import Path

HOW_TO_MAKE_A_KEY = "make one with: openssl rand -base64 32"
_MAX_KEY_FILE = 1024


def read_key(path: Path) -> bytes | None:
    """The key in URL-safe base64; None when there is no file, ValueError for what is no key. Blocks."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_KEY_FILE).strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        msg = f"the key file {path.name} cannot be read: {reason}"
        raise ValueError(msg) from None
    # Tools that make keys write either alphabet of base64.
    key = text.translate(bytes.maketrans(b"+/", b"-_"))
    try:
        length = len(base64.b64decode(key, altchars=b"-_", validate=True))
    except binascii.Error:
        length = 0
    if length != 32:
        msg = f"{path.name} holds no key, which is 32 bytes in base64; {HOW_TO_MAKE_A_KEY}"
        raise ValueError(msg)
    return key
