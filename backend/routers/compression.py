"""Whether an answer is worth compressing, and for whom."""

import re

from starlette.datastructures import Headers

WORTH_IT = 1024
"""Bytes; less fits into one packet anyway."""

_NONE = re.compile(r";\s*q=0(\.0*)?\s*$")


def accepts(headers: Headers, coding: str) -> bool:
    """Whether `Accept-Encoding` names that coding, or everything, and does not rule it out."""
    said = {}
    for part in ",".join(headers.getlist("accept-encoding")).lower().split(","):
        said[part.partition(";")[0].strip()] = _NONE.search(part) is None
    return said.get(coding, said.get("*", False))
