"""Whatever people, the API and crashes do to the catalog in whatever order, it agrees with a simple model."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backend.database import Database
from backend.errors import Conflict, NotFound, PreconditionFailed
from backend.services.catalog import Catalog

NAMES = st.sampled_from(["web", "db"])
MARKS = st.integers(min_value=1, max_value=4)
BEFORE_THE_FILE = (
    "intent recorded",
    "temporary file half written",
    "temporary file written",
    "present file checked",
    "old file kept",
)
AFTER_THE_FILE = ("file renamed", "folder synced", "revision recorded", "side files removed")
STEPS = st.sampled_from([*BEFORE_THE_FILE, *AFTER_THE_FILE])
BROKEN = "image: [\n"


class Crash(BaseException):
    """The process is gone: nothing of ours may tidy up after it."""


@dataclass
class Model:
    """What one definition ought to be: its file's text, and every good text it had, None for deletions."""

    text: str | None = None
    history: list[str | None] = field(default_factory=list)

    @property
    def newest(self) -> str | None:
        return self.history[-1] if self.history else None

    def found_on_disk(self) -> None:
        if self.text != BROKEN and self.text != self.newest:
            self.history.append(self.text)

    def written(self, text: str | None) -> None:
        if self.text == BROKEN:
            self.history.append(BROKEN)
        if self.text != text:
            self.history.append(text)
        self.text = text


class CatalogMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="catalog-"))
        self.definitions = self.folder / "definitions"
        self.loop = asyncio.new_event_loop()
        self.crash_at: str | None = None
        self.model = {"web": Model(), "db": Model()}
        self.database: Database
        self.catalog: Catalog
        self.run(self.start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def start(self) -> None:
        self.database = Database(self.folder / "state" / "orchestrator.db")
        await self.database.open()
        self.catalog = Catalog(self.definitions, self.database, at_step=self.step)
        await self.catalog.open()
        for model in self.model.values():
            model.found_on_disk()

    def step(self, step: str) -> None:
        if step == self.crash_at:
            raise Crash

    def file(self, name: str) -> Path:
        return self.definitions / f"{name}.yaml"

    @rule(name=NAMES, mark=MARKS)
    def create(self, name: str, mark: int) -> None:
        model = self.model[name]
        model.found_on_disk()
        if model.text is None:
            self.run(self.catalog.create("ada", name, text(name, mark)))
            model.written(text(name, mark))
        else:
            with pytest.raises(Conflict):
                self.run(self.catalog.create("ada", name, text(name, mark)))

    @rule(name=NAMES, mark=MARKS, stale=st.booleans())
    def update(self, name: str, mark: int, stale: bool) -> None:
        model = self.model[name]
        seen = len(model.history)
        model.found_on_disk()
        if model.text is None:
            with pytest.raises(NotFound):
                self.run(self.catalog.update("ada", name, text(name, mark)))
        elif stale or seen != len(model.history):
            with pytest.raises(PreconditionFailed):
                self.run(self.catalog.update("ada", name, text(name, mark), if_match=seen - stale))
        else:
            entry = self.run(self.catalog.update("ada", name, text(name, mark), if_match=seen))
            model.written(text(name, mark))
            assert entry.revision == len(model.history)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        model = self.model[name]
        model.found_on_disk()
        if model.text is None:
            with pytest.raises(NotFound):
                self.run(self.catalog.delete("ada", name))
        else:
            self.run(self.catalog.delete("ada", name))
            model.written(None)

    @rule(name=NAMES, mark=MARKS, broken=st.booleans())
    def edit_by_hand(self, name: str, mark: int, broken: bool) -> None:
        self.model[name].text = BROKEN if broken else text(name, mark)
        self.file(name).write_text(self.model[name].text or "")

    @rule(name=NAMES)
    def delete_by_hand(self, name: str) -> None:
        self.model[name].text = None
        self.file(name).unlink(missing_ok=True)

    @rule()
    def restart(self) -> None:
        self.run(self.database.close())
        self.run(self.start())

    @rule(name=NAMES, mark=MARKS, step=STEPS, edited=st.booleans())
    def crash_in_a_write(self, name: str, mark: int, step: str, edited: bool) -> None:
        """The write may have begun or not, by the step; an edit by hand may come before the restart."""
        model = self.model[name]
        model.found_on_disk()
        self.crash_at = step
        before, target = model.text, text(name, mark)
        write = self.catalog.create if before is None else self.catalog.update
        try:
            self.run(write("ada", name, target))
        except Crash:
            crashed = True
        else:
            # The step is no part of this write, or there was nothing to write.
            crashed = False
        self.crash_at = None
        began = crashed and step in (
            "file renamed",
            "folder synced",
            "revision recorded",
            "side files removed",
        )
        recorded = crashed and step in AFTER_THE_FILE[2:]
        if not crashed or recorded or (began and not edited):
            model.written(target)
        elif edited:
            # The interrupted text is kept as a revision, unless the edit is what was there before or after.
            by_hand = text(name, 4)
            if by_hand == target:
                model.text = before
                model.written(target)
            elif by_hand != before:
                model.history.append(target)
                model.text = by_hand
        if edited and crashed:
            self.file(name).write_text(text(name, 4))
            model.text = text(name, 4)
        self.restart()

    @invariant()
    def files_are_as_the_model_has_them(self) -> None:
        files = {path.name: path.read_text() for path in self.definitions.iterdir()}
        assert files == {f"{n}.yaml": m.text for n, m in self.model.items() if m.text is not None}

    @invariant()
    def every_text_is_in_the_history(self) -> None:
        for name, model in self.model.items():
            if model.history:
                found = self.run(self.catalog.revisions(name))
                assert [one.number for one in found] == list(range(len(model.history), 0, -1))
                for one, wanted in zip(reversed(found), model.history, strict=True):
                    assert one.deleted == (wanted is None)
                    if wanted is not None:
                        assert self.run(self.catalog.revision_text(name, one.number)) == wanted

    @rule()
    def compare_after_reading_everything(self) -> None:
        self.restart()
        entries = {entry.name: entry for entry in self.catalog.entries()}
        assert {name: entry.text for name, entry in entries.items()} == {
            name: model.text for name, model in self.model.items() if model.text is not None
        }
        for name, entry in entries.items():
            assert (entry.problem is not None) == (entry.text == BROKEN)
            assert entry.revision == len(self.model[name].history)
        assert self.run(self.database.read("SELECT id FROM intents")) == []

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)


def text(name: str, mark: int) -> str:
    return f"name: {name}\nimage: nginx:{mark}\n"


TestCatalogMachine = CatalogMachine.TestCase
TestCatalogMachine.settings = settings(
    max_examples=int(os.environ.get("CATALOG_EXAMPLES", "15")),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
