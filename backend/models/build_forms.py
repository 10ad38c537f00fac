"""What a definition says of building its image, as Compose's `build` would."""

import re
from typing import Annotated, Final

from backend.models import input_forms as forms
from backend.models.compose_values import as_text, refuse, shown

_STAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_PLATFORM: Final = re.compile(r"([a-z]+)/([a-z0-9_]+)(?:/([a-z0-9.]+))?")
_SYSTEMS: Final = frozenset({"linux", "windows"})
_OTHER_NAMES: Final = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armv8": "arm64",
    "armhf": "arm/v7",
    "armv7": "arm/v7",
    "armv7l": "arm/v7",
    "armv6": "arm/v6",
    "i386": "386",
    "i686": "386",
    "x86": "386",
}
"""What `uname`, nodes and people call what images call otherwise."""
MAX_PLATFORMS: Final = 16


def stage(value: object) -> str:
    text = as_text(value)
    if not _STAGE.fullmatch(text):
        raise refuse(
            f"is {shown(value)}; the name of a stage of the Dockerfile is expected, as in FROM … AS name"
        )
    return text


def platforms_from(value: object) -> tuple[str, ...]:
    """One platform stands for a list of one."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    if isinstance(value, dict) or len(given) > MAX_PLATFORMS:
        raise refuse(
            f"is a mapping or has more than {MAX_PLATFORMS}; a list such as [linux/amd64] is expected"
        )
    read = [_platform(item) for item in given]
    for platform in read:
        if read.count(platform) > 1:
            raise refuse(f"names {platform} twice")
    return tuple(read)


def _platform(value: object) -> str:
    text = as_text(value).strip().lower()
    system, _, machine = text.partition("/") if "/" in text else ("linux", "", text)
    if machine in _OTHER_NAMES:
        raise refuse(f"has {shown(value)}; images call that {system}/{_OTHER_NAMES[machine]}")
    parts = _PLATFORM.fullmatch(text)
    if parts is None or parts[1] not in _SYSTEMS:
        raise refuse(f"has {shown(value)}; os/architecture is expected, such as linux/amd64 or linux/arm/v7")
    return text


Stage = Annotated[str, forms.reads(stage, forms.text("^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"))]
Platforms = Annotated[tuple[str, ...], forms.reads(platforms_from, forms.PLATFORMS)]
