"""What we know of the definitions folder, in memory, and how it catches up with the disk."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from backend.services.catalog_entry import Entry, Judged, judge
from backend.services.definition_files import ChangedMeanwhile, DefinitionFiles, FileText, Traces
from backend.services.definition_history import DefinitionHistory
from backend.services.settling import Settling


class CatalogPicture:
    """Every entry as last seen. Whoever calls a method that awaits holds the catalog's turn.

    `announce` is told the names whose entries changed.
    """

    def __init__(
        self,
        files: DefinitionFiles,
        history: DefinitionHistory,
        *,
        look_every: float,
        announce: Callable[[set[str]], None],
    ) -> None:
        self._files = files
        self._history = history
        self._announce = announce
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, FileText] = {}
        self._settling = Settling(look_every)

    def entries(self) -> list[Entry]:
        return [self._entries[name] for name in sorted(self._entries)]

    def find(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def file_of(self, name: str) -> str | None:
        """The file to write this entry to; None when we must not."""
        known = self._known.get(name)
        return known.file if known else None

    def remember(self, entry: Entry, file: str, traces: Traces) -> None:
        """Take in what we wrote ourselves; `traces` tell it from a later edit."""
        self._entries[entry.name] = entry
        self._known[entry.name] = FileText(entry.name, traces, file, entry.text, entry.sha256)
        self._announce({entry.name})

    def forget(self, name: str) -> None:
        """Take in that we removed a file ourselves."""
        if self._drop(name):
            self._announce({name})

    async def read_all(self) -> None:
        """Read every file; what the history has and the folder has not is gone."""
        seen = await asyncio.to_thread(self._files.scan)
        await self._take_in(seen, self._history.names() - seen.keys())

    async def refresh(self, name: str) -> None:
        """Take in an edit of this file that no look has noticed yet, before it is written over."""
        seen = (await asyncio.to_thread(self._files.scan)).get(name, ())
        known = self._known.get(name)
        if seen != (known.traces if known else ()):
            await self._take_in({name: seen} if seen else {}, set() if seen else {name}, patient=False)

    async def look(self) -> Mapping[str, Traces]:
        """Glance at the folder, which needs no turn; returns what changed and has kept still since."""
        seen = await asyncio.to_thread(self._files.scan)
        known = {name: file.traces for name, file in self._known.items()}
        changed = self._settling.settled(known, seen, time.monotonic())
        return {name: seen.get(name, ()) for name in changed}

    async def take_in(self, changed: Mapping[str, Traces]) -> None:
        """Record what `look` returned, as far as it is still so."""
        now = await asyncio.to_thread(self._files.scan)
        still = {name for name, traces in changed.items() if now.get(name, ()) == traces}
        await self._take_in({name: now[name] for name in still & now.keys()}, still - now.keys())

    async def _take_in(self, seen: Mapping[str, Traces], gone: set[str], *, patient: bool = True) -> None:
        judged = await asyncio.to_thread(self._read_and_judge, seen)
        if patient:
            # What does not parse may be half written: it gets more time than what does.
            now = time.monotonic()
            judged = [one for one in judged if not one.problem or self._settling.is_old(one.file.name, now)]
        texts = {one.file.name: one.file.text for one in judged if self._is_new_text(one)}
        lost = {name for name in gone if self._history.present(name)}
        if texts or lost:
            await self._history.record_from_disk(texts, sorted(lost))
        self._settle(judged, gone)

    def _read_and_judge(self, seen: Mapping[str, Traces]) -> list[Judged]:
        judged: list[Judged] = []
        for name, traces in seen.items():
            try:
                judged.append(judge(self._files.read(name, traces)))
            except ChangedMeanwhile:
                continue
        return judged

    def _settle(self, judged: Iterable[Judged], gone: Iterable[str]) -> None:
        changed = {name for name in gone if self._drop(name)}
        for one in judged:
            name = one.file.name
            entry = self._entry_of(one)
            self._known[name] = one.file
            self._settling.forget(name)
            if self._entries.get(name) != entry:
                self._entries[name] = entry
                changed.add(name)
        if changed:
            self._announce(changed)

    def _drop(self, name: str) -> bool:
        self._known.pop(name, None)
        self._settling.forget(name)
        return self._entries.pop(name, None) is not None

    def _is_new_text(self, one: Judged) -> bool:
        row = self._history.present(one.file.name)
        return one.problem is None and (row is None or row.sha256 != one.file.sha256)

    def _entry_of(self, one: Judged) -> Entry:
        file, row = one.file, self._history.newest(one.file.name)
        before = self._entries.get(file.name)
        if one.problem is None and row is not None:
            moment = row.updated_at
        elif before is not None and (before.sha256, before.problem) == (file.sha256, one.problem):
            moment = before.updated_at
        else:
            moment = datetime.now(UTC)
        number = row.revision if row else 0
        return Entry(file.name, number, file.text, file.sha256, one.definition, one.problem, moment)
