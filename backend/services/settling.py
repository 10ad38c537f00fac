"""Tells a file that was changed from one that is just being written, by whether it keeps still."""

from collections.abc import Mapping

from backend.services.definition_files import Traces

# In times between looks: seen alike by the next look, and, for what does not parse, by the one after it.
_STILL = 0.75
_STILL_BROKEN = 1.75


class Settling:
    """Remembers since when each changed name has looked as it does; times are monotonic seconds.

    `look_every` is the time between looks: a change counts at the second, a broken file at the third.
    """

    def __init__(self, look_every: float) -> None:
        self._still = _STILL * look_every
        self._still_broken = _STILL_BROKEN * look_every
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
            elif now - before[1] >= self._still:
                ready.add(name)
        return ready

    def is_old(self, name: str, now: float) -> bool:
        """Whether `name` has kept still so long that nobody can be in the middle of writing it."""
        before = self._since.get(name)
        return before is None or now - before[1] >= self._still_broken

    def forget(self, name: str) -> None:
        self._since.pop(name, None)
