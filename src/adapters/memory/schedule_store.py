"""MemoryScheduleStore: the ScheduleStore port in memory."""

from __future__ import annotations

from msgspec.structs import replace

from ...ports.clock import Clock
from ...ports.envelope import Message
from ...ports.schedule_store import ScheduleEntry
from .admission import Admission
from .instants import milliseconds
from .state import MemoryStore


class MemoryScheduleStore:
    """Keeps the schedules of a MemoryStore, for any thread; no method ever suspends."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def put(self, entry: ScheduleEntry) -> None:
        """Add the entry, or replace the one of the same name."""
        with self._state.lock:
            self._state.schedules[entry.name] = replace(entry)

    async def get(self, name: str) -> ScheduleEntry | None:
        """The entry, or None."""
        with self._state.lock:
            entry = self._state.schedules.get(name)
            return None if entry is None else replace(entry)

    async def list(self) -> list[ScheduleEntry]:
        """All entries, by name."""
        with self._state.lock:
            return [replace(entry) for _, entry in sorted(self._state.schedules.items())]

    async def remove(self, name: str) -> bool:
        """Forget the entry; False when there is none."""
        with self._state.lock:
            return self._state.schedules.pop(name, None) is not None

    async def set_paused(self, name: str, paused: bool) -> bool:
        """Pause or resume; False when there is no such entry."""
        with self._state.lock:
            entry = self._state.schedules.get(name)
            if entry is None:
                return False
            entry.paused = paused
            return True

    async def next_due(self) -> int | None:
        """The earliest due instant of an entry that is not paused, or None."""
        with self._state.lock:
            entries = self._state.schedules.values()
            return min((entry.next_due for entry in entries if not entry.paused), default=None)

    async def fire(self, name: str, due: int, following: int, message: Message) -> bool:
        """Claim the instant `due` and enqueue its job, in one step; False when it is not claimable."""
        with self._state.lock:
            entry = self._state.schedules.get(name)
            if entry is None or entry.paused or entry.next_due != due:
                return False
            now = milliseconds(self._clock.now())
            self._state.refresh(now)
            Admission(self._state, {}, now).admit(message)
            entry.next_due, entry.last_fired = following, due
            return True
