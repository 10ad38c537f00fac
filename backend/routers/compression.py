"""Whether an answer is worth compressing, and for whom."""

import re

from starlette.datastructures import Headers

WORTH_IT = 1024
"""Bytes; less fits into one packet anyway."""

_NONE = re.compile(r";\s*q=0(\.0*)?\s*$")


def accepts_gzip(headers: Headers) -> bool:
    """Whether `Accept-Encoding` names gzip, or everything, and does not rule it out."""
    said = {}
    for part in ",".join(headers.getlist("accept-encoding")).lower().split(","):
        coding = part.partition(";")[0].strip()
        said[coding] = _NONE.search(part) is None
    return said.get("gzip", said.get("*", False))
