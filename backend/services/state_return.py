"""Comes up on a machine that has no state yet, from the copy that another one left in the swarm."""

import logging
import time
from collections.abc import Sequence
from typing import Final

import anyio
import anyio.to_thread

from backend.clients.engine_configs import EngineConfigs
from backend.config import Settings
from backend.errors import Conflict, DockerUnavailable
from backend.models.cluster import STATE_LABEL, StoredConfig
from backend.services.state_copies import Copy, StateKey, Unfit, copies_in, load_key
from backend.state_archive import State, definition_files
from backend.state_restore import PENDING, Restored, restore
from backend.storage_errors import from_os_error

log = logging.getLogger(__name__)

ENGINE_WITHIN: Final = 60.0
"""Seconds: longer than a swarm is without a leader after it lost one."""
_ASK_EVERY: Final = 1.0


class NoCopyUsable(Conflict):
    """Copies are there and none can be used: beginning anew would bury them."""

    code = "state_copies_unusable"


async def bring_back(
    settings: Settings, configs: EngineConfigs, *, engine_within: float | None = None
) -> int | None:
    """Restore the newest whole copy into a state that is empty; its number, None if there is nothing to do.

    Raises DockerUnavailable when the swarm cannot be asked within so many seconds, NoCopyUsable, Conflict for
    the key.
    """
    state, key_file = State.of(settings), settings.orchestrator_state_key_file
    if key_file is None or not await anyio.to_thread.run_sync(_is_empty, state):
        return None
    key = await anyio.to_thread.run_sync(load_key, key_file)
    found = copies_in(await _asked(configs, ENGINE_WITHIN if engine_within is None else engine_within))
    if not found:
        return None
    copy, _ = await _restored(state, found, key)
    return copy.sequence


async def take_over(settings: Settings, configs: EngineConfigs) -> tuple[int, Restored]:
    """Replace whatever state there is by the newest whole copy; what was there is kept as a backup."""
    if settings.orchestrator_state_key_file is None:
        msg = "ORCHESTRATOR_STATE_KEY_FILE is not set: it names the key that the copies were sealed with."
        raise Conflict(msg, code="state_key_unreadable")
    key = await anyio.to_thread.run_sync(load_key, settings.orchestrator_state_key_file)
    found = copies_in(await configs.labelled(STATE_LABEL))
    if not found:
        msg = "The swarm holds no copy of a state."
        raise NoCopyUsable(msg)
    copy, restored = await _restored(State.of(settings), found, key)
    return copy.sequence, restored


def _is_empty(state: State) -> bool:
    """An existing catalog is never replaced by itself, not even by a newer one."""
    try:
        present, left_out = definition_files(state.definitions)
    except OSError as error:
        raise from_os_error(error, "The definitions cannot be read", state.definitions) from error
    if present or left_out or (state.folder / PENDING).exists():
        return False
    try:
        return state.database.stat().st_size == 0
    except FileNotFoundError:
        return True


async def _asked(configs: EngineConfigs, within: float) -> list[StoredConfig]:
    ends = time.monotonic() + within
    while True:
        try:
            return await configs.labelled(STATE_LABEL)
        except DockerUnavailable as error:
            if time.monotonic() >= ends:
                raise DockerUnavailable(
                    "There is no state here yet, and the swarm cannot be asked for its copy "
                    f"(ORCHESTRATOR_STATE_KEY_FILE is set): {error.detail} Start again when it answers.",
                    code=error.code,
                ) from None
            log.warning("waiting for the engine, to ask for the copy of the state: %s", error.detail)
        await anyio.sleep(_ASK_EVERY)


async def _restored(state: State, found: Sequence[Copy], key: StateKey) -> tuple[Copy, Restored]:
    reasons: list[str] = []
    for copy in found:
        try:
            content = await anyio.to_thread.run_sync(key.open, copy)
        except Unfit as unfit:
            reasons.append(f"copy {copy.sequence} {unfit.reason}")
            log.warning("copy %d of the state in the swarm %s", copy.sequence, unfit.reason)
            continue
        restored = await anyio.to_thread.run_sync(_put_back, state, content)
        log.info("the state comes from copy %d in the swarm", copy.sequence)
        return copy, restored
    raise NoCopyUsable(
        f"The swarm holds copies of a state, and none can be used: {'; '.join(reasons[:5])}. Give the right "
        "key in ORCHESTRATOR_STATE_KEY_FILE. To begin with an empty catalog instead, start once without that "
        "setting."
    )


def _put_back(state: State, content: bytes) -> Restored:
    file = state.folder / ".copy-of-the-state.zip"
    try:
        state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(content)
    except OSError as error:
        raise from_os_error(error, "The copy cannot be laid down", state.folder) from error
    try:
        return restore(state, file, goes_on=False)
    finally:
        file.unlink(missing_ok=True)
