"""LeaseWatch: who is dead, decided from beats that stand still."""

from __future__ import annotations

from collections.abc import Mapping


class LeaseWatch:
    """Watches the beats of workers on the watcher's own clock; pure, in seconds.

    A worker is dead when its beat was seen to stand still for a whole `lease` over looks without a gap. After a failed
    look, or one that came later than `longest_gap` after the one before, all watching begins anew: in that time
    nobody's beat may have come through.
    """

    def __init__(self, lease: float, longest_gap: float) -> None:
        self._lease = lease
        self._longest_gap = longest_gap
        self._since: dict[str, tuple[str, float]] = {}
        self._looked: float | None = None

    def look(self, beats: Mapping[str, str], asked: float, answered: float) -> dict[str, str]:
        """Take in everybody's beats, asked for and answered at these times; the dead, with the beat they stand at.

        The question's time ends a watch and the answer's begins one: a slow answer lengthens the watch, never shortens it.
        """
        if self._looked is None or answered - self._looked > self._longest_gap:
            self._since.clear()
        self._looked = answered
        dead = {}
        watched = {}
        for worker_id, beat in beats.items():
            seen, since = self._since.get(worker_id, (None, answered))
            if seen != beat:
                since = answered
            elif asked - since >= self._lease:
                dead[worker_id] = beat
            watched[worker_id] = (beat, since)
        self._since = watched
        return dead

    def remaining(self, now: float) -> float:
        """How long the worker that stands still the longest has until it is dead; a whole lease where none is watched."""
        longest = min((since for _, since in self._since.values()), default=now)
        return self._lease - (now - longest)

    def interrupted(self) -> None:
        """Begin all watching anew: a look failed."""
        self._looked = None
