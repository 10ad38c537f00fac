"""The numbered SQL files that take an empty database to the present schema, in order."""

import re
from dataclasses import dataclass
from importlib import resources

_FILE = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def load() -> list[Migration]:
    """Every migration by number. Numbers start at 1 and leave no gap: `user_version` counts them."""
    found = [
        Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
        for file in resources.files(__name__).iterdir()
        if (match := _FILE.fullmatch(file.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        msg = f"migrations must be numbered 0001, 0002, … without a gap: {[m.name for m in found]}"
        raise RuntimeError(msg)
    return found
