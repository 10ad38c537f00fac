"""The past of the definitions: numbered texts in SQLite, and writes to files that were begun."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from backend.database import Database, Transaction
from backend.errors import NotFound
from backend.models.db_models import DefinitionRow, Intent, Revision, RevisionSource
from backend.repositories.intents import Intents
from backend.repositories.revisions import Revisions
from backend.services.definition_files import sha256_of

logger = logging.getLogger(__name__)

DISK = "disk"
"""The author of a revision that was found on disk."""
_NOT_APPLIED = "never took effect: the file was edited by hand while this text was being written"
_BROKEN_BEFORE = "broken text found on disk, kept when it was replaced"


class DefinitionHistory:
    """Appends revisions; `_index` mirrors the newest of each name. The catalog calls it one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._revisions = Revisions(database)
        self._intents = Intents(database)
        self._index: dict[str, DefinitionRow] = {}
        self._stale: set[str] = set()

    async def open(self) -> list[Intent]:
        """Load the index; returns the writes that never came to an end, for `recover`."""
        self._index = await self._revisions.index()
        return await self._intents.all()

    def newest(self, name: str) -> DefinitionRow | None:
        """The newest revision, which may be the deletion."""
        return self._index.get(name)

    def present(self, name: str) -> DefinitionRow | None:
        """The newest revision of a definition that is not deleted."""
        row = self._index.get(name)
        return None if row is None or row.deleted else row

    def names(self) -> set[str]:
        """The names of definitions that are not deleted."""
        return {name for name, row in self._index.items() if not row.deleted}

    async def page(self, name: str, *, limit: int, offset: int) -> list[Revision]:
        return await self._revisions.page(name, limit=limit, offset=offset)

    async def text(self, name: str, number: int) -> str:
        found = await self._revisions.find(name, number)
        if found is None:
            raise NotFound(f"'{name}' has no revision {number}.", code="revision_not_found")
        revision, text = found
        if revision.deleted:
            raise NotFound(
                f"Revision {number} of '{name}' is its deletion and has no text.", code="revision_not_found"
            )
        return text

    async def begin(self, intent: Intent) -> None:
        # Any later transaction clears it away, for even a commit that failed can have happened.
        self._stale.add(intent.id)
        await self._intents.add(intent)

    async def complete(self, intent: Intent, *, replaced_broken: str | None) -> DefinitionRow:
        """Record the write that `begin` announced, and the broken text it replaced, if any."""
        async with self._database.transaction() as transaction:
            if replaced_broken is not None:
                await self._append(
                    transaction, intent.service, replaced_broken, DISK, "disk", note=_BROKEN_BEFORE
                )
            row = await self._append(
                transaction, intent.service, intent.new_text, intent.author, intent.source
            )
            await self._drop_stale(transaction)
        self._committed([row])
        return row

    async def record_from_disk(self, texts: Mapping[str, str], gone: Iterable[str]) -> None:
        """One revision for each text found on disk and each definition whose file is gone; all or none."""
        rows: list[DefinitionRow] = []
        async with self._database.transaction() as transaction:
            found: dict[str, str | None] = {**texts, **dict.fromkeys(gone)}
            for name, text in found.items():
                rows += [await self._append(transaction, name, text, DISK, "disk")]
            await self._drop_stale(transaction)
        self._committed(rows)

    async def recover(self, intent: Intent, present: str | None, replaced: str | None) -> None:
        """Settle a write that a crash interrupted.

        `present` is the hash of what its file says now, `replaced` the text it took the place of, when known.
        """
        row = self.present(intent.service)
        recorded = row.sha256 if row else None
        rows: list[DefinitionRow] = []
        async with self._database.transaction() as transaction:
            if present == intent.new_sha256:
                outcome = "was complete"
                if recorded != intent.new_sha256:
                    outcome = "is completed"
                    # A side file shares its data with the file until the rename: an edit may have reached it.
                    old = None if replaced is None else sha256_of(replaced.encode())
                    if replaced is not None and recorded != old == intent.old_sha256:
                        await self._append(
                            transaction, intent.service, replaced, DISK, "disk", note=_BROKEN_BEFORE
                        )
                    rows.append(
                        await self._append(
                            transaction, intent.service, intent.new_text, intent.author, intent.source
                        )
                    )
            elif present == intent.old_sha256:
                outcome = "had not changed the file and is dropped"
            elif intent.new_text is None or recorded == intent.new_sha256:
                outcome = "was overtaken by an edit on disk"
            else:
                outcome = "was overtaken by an edit on disk; its text is kept as a revision"
                rows.append(
                    await self._append(
                        transaction,
                        intent.service,
                        intent.new_text,
                        intent.author,
                        intent.source,
                        note=_NOT_APPLIED,
                    )
                )
            await self._intents.remove(transaction, intent.id)
        self._committed(rows)
        logger.info("an interrupted write of '%s' by %s %s", intent.service, intent.author, outcome)

    def _committed(self, rows: Iterable[DefinitionRow]) -> None:
        self._stale.clear()
        self._index.update({row.name: row for row in rows})

    async def _append(
        self,
        transaction: Transaction,
        name: str,
        text: str | None,
        author: str,
        source: RevisionSource,
        *,
        note: str | None = None,
    ) -> DefinitionRow:
        """The next revision of `name`; no text stands for its deletion."""
        moment = datetime.now(UTC)
        sha256 = "" if text is None else sha256_of(text.encode())
        number = await self._revisions.append(
            transaction,
            name,
            text=text or "",
            sha256=sha256,
            author=author,
            source=source,
            at=moment,
            deleted=text is None,
            note=note,
        )
        return DefinitionRow(name, number, sha256, text is None, moment)

    async def _drop_stale(self, transaction: Transaction) -> None:
        for intent_id in self._stale:
            await self._intents.remove(transaction, intent_id)
