"""Tells a file that was changed from one that is just being written, by whether it keeps still."""

from collections.abc import Mapping

from backend.services.definition_files import Traces

# Together with the time between looks these keep "noticed within 2 s".
_STILL = 0.3
_STILL_BROKEN = 0.7


class Settling:
    """Remembers since when each changed name has looked as it does; times are monotonic seconds."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Traces, float]] = {}

    def settled(self, known: Mapping[str, Traces], seen: Mapping[str, Traces], now: float) -> set[str]:
        """The names that differ from what is known and have kept still long enough to be read."""
        ready: set[str] = set()
        for name in known.keys() | seen.keys():
            traces = seen.get(name, ())
            if traces == known.get(name, ()):
                self.forget(name)
                continue
            before = self._since.get(name)
            if before is None or before[0] != traces:
                self._since[name] = (traces, now)
            elif now - before[1] >= _STILL:
                ready.add(name)
        return ready

    def is_old(self, name: str, now: float) -> bool:
        """Whether `name` has kept still so long that nobody can be in the middle of writing it."""
        before = self._since.get(name)
        return before is None or now - before[1] >= _STILL_BROKEN

    def forget(self, name: str) -> None:
        self._since.pop(name, None)
