"""Which tags of builds a registry need not keep: old ones, and never what anything else needs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuiltTag:
    """The tag that one build alone has."""

    service: str
    tag: str
    succeeded: bool
    under_way: bool


def superfluous(builds: Iterable[BuiltTag], *, kept: int) -> set[str]:
    """Tags of builds, newest first, after which `kept` of the same service succeeded."""
    newer: dict[str, int] = {}
    found: set[str] = set()
    for build in builds:
        if newer.get(build.service, 0) >= kept and not build.under_way:
            found.add(build.tag)
        newer[build.service] = newer.get(build.service, 0) + build.succeeded
    return found


def deletable(
    tags: Mapping[str, Collection[str]], old: Collection[str], needed: Collection[str]
) -> dict[str, set[str]]:
    """Digests to delete, each with the tags that go with it.

    `tags` are all of the repository with the digests each covers, its own first: deleting a manifest takes
    every tag on it along, and breaks every index that has it below.
    """
    spared = set(needed)
    for tag, covered in tags.items():
        if tag not in old:
            spared.update(covered)
    found: dict[str, set[str]] = {}
    for tag, covered in tags.items():
        if tag in old and covered and not spared.intersection(covered):
            found.setdefault(next(iter(covered)), set()).add(tag)
    return found
