"""ScheduleLedger: what became of the instants of one schedule."""

from __future__ import annotations

from bisect import insort
from collections import deque

from ...ports.schedule_ledger import LedgerEntry

MOST_ENTRIES = 1000
FIRES_LOOKED_AT = 100


class ScheduleLedger:
    """The latest 1000 entries by instant, and up to where it has forgotten.

    `fires` are the ids of the latest 100 jobs that it made, the earliest first: they have a list of their own, because
    skipped instants would soon push out the fire that they wait for. What was triggered by hand claims no instant.
    """

    def __init__(self) -> None:
        self.fires: deque[str] = deque(maxlen=FIRES_LOOKED_AT)
        self._entries: list[LedgerEntry] = []
        self._instants: dict[int, LedgerEntry] = {}
        self._forgotten: int | None = None

    def has(self, instant: int) -> bool:
        """Whether the instant was claimed, or may have been and is forgotten."""
        return instant in self._instants or (self._forgotten is not None and instant <= self._forgotten)

    def note(self, entry: LedgerEntry) -> None:
        """Add an entry, or replace the one of the same instant; of too many the earliest is forgotten."""
        if entry.outcome != "triggered":
            before = self._instants.pop(entry.instant, None)
            if before is not None:
                self._entries.remove(before)
            self._instants[entry.instant] = entry
        insort(self._entries, entry, key=lambda noted: noted.instant)
        if len(self._entries) > MOST_ENTRIES:
            self._forget(self._entries.pop(0))

    def latest(self, most: int) -> list[LedgerEntry]:
        """The latest entries, the latest first."""
        return self._entries[: -most - 1 : -1]

    def _forget(self, entry: LedgerEntry) -> None:
        if entry.outcome != "triggered":
            del self._instants[entry.instant]
            self._forgotten = max(entry.instant, self._forgotten or entry.instant)
