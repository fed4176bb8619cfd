"""MemoryScheduleStore: the ScheduleStore port in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from ...ports.clock import Clock
from ...ports.envelope import Message
from ...ports.schedule_entry import Planned, ScheduleEntry
from ...ports.schedule_ledger import Claim, FireOutcome, LedgerEntry, Look, Seeding
from .firing import Firing
from .state import MemoryStore


class MemoryScheduleStore:
    """Keeps the schedules of a MemoryStore, for any thread and any event loop.

    No method but a `wait` for which nothing was kept ever suspends.
    """

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._kept = state.schedules
        self._clock = clock

    async def now(self) -> int:
        """The clock, in milliseconds since 1970."""
        return self._clock.milliseconds()

    async def put(self, planned: Planned) -> None:
        """Add the entry, or replace the one of the same name; one with the same rhythm goes on as it was."""
        with self._state.lock:
            self._kept.put(planned)
            self._kept.bell.ring()

    async def seed(self, revision: int, digest: str, entries: Sequence[Planned], *, prune: bool) -> Seeding:
        """Apply the schedules of a configuration, where its revision is higher than that of the one before."""
        with self._state.lock:
            seeding = self._kept.seed(revision, digest, entries, prune=prune)
            if seeding.applied:
                self._kept.bell.ring()
            return seeding

    async def get(self, name: str) -> ScheduleEntry | None:
        """The entry, or None."""
        with self._state.lock:
            record = self._kept.records.get(name)
            return None if record is None else record.to_entry()

    async def remove(self, name: str) -> bool:
        """Forget the entry with its ledger; False when there is none."""
        with self._state.lock:
            return self._kept.records.pop(name, None) is not None

    async def pause(self, name: str) -> bool:
        """Pause by hand; False when there is no such entry."""
        with self._state.lock:
            record = self._kept.records.get(name)
            if record is None:
                return False
            record.paused_by = "hand"
            return True

    async def resume(self, name: str, next_due: int | None) -> bool:
        """Go on with the given next due instant, where it is paused; False when there is no such entry."""
        with self._state.lock:
            record = self._kept.records.get(name)
            if record is None:
                return False
            if record.paused_by:
                record.paused_by, record.next_due = "", next_due
                self._kept.bell.ring()
            return True

    async def look(self, most: int) -> Look:
        """What is due now; instants that waited for jobs which have ended by now fire first."""
        with self._state.lock:
            firing = self._firing()
            released = firing.release_queued()
            records = self._kept.records.values()
            due = [record for record in records if record.is_due(firing.now)]
            due.sort(key=lambda record: (record.next_due, record.definition.name))
            running = [record.next_due for record in records if not record.paused_by]
            return Look(
                now=firing.now,
                due=[record.to_entry() for record in due[:most]],
                next_due=min((instant for instant in running if instant is not None), default=None),
                revision=self._kept.revision,
                released=released,
                waits=any(record.queued is not None for record in records),
            )

    async def fire(self, claim: Claim, message: Message, overlap: str) -> FireOutcome:
        """Claim a due instant, enqueue its job and note it in the ledger, in one step."""
        with self._state.lock:
            firing = self._firing()
            record = self._kept.records.get(claim.name)
            if record is None or not record.claim(claim, firing.now):
                return FireOutcome.REFUSED
            return firing.fire(record, claim.instant, message, overlap)

    async def pass_over(self, claim: Claim, count: int) -> bool:
        """Note `count` instants, the claim's being the latest, as missed; False where the claim is refused."""
        with self._state.lock:
            now = self._clock.milliseconds()
            record = self._kept.records.get(claim.name)
            if record is None or not record.claim(claim, now):
                return False
            record.note(claim.instant, "missed", now, count=count)
            return True

    async def unended(self, name: str) -> list[str]:
        """The jobs of the latest 100 fires that have not ended, the earliest first."""
        with self._state.lock:
            record = self._kept.records.get(name)
            return [] if record is None else self._firing().unended(record)

    async def trigger(self, name: str, message: Message) -> str | None:
        """Enqueue the job at once, beside the timetable, and note it; its id, or None when there is no such entry."""
        with self._state.lock:
            record = self._kept.records.get(name)
            return None if record is None else self._firing().trigger(record, message)

    async def history(self, name: str, most: int) -> list[LedgerEntry]:
        """The latest entries of the ledger, the latest first; none for an unknown name."""
        with self._state.lock:
            record = self._kept.records.get(name)
            return [] if record is None else [replace(entry) for entry in record.ledger.latest(most)]

    async def list(self) -> list[ScheduleEntry]:
        """All entries, by name."""
        with self._state.lock:
            return [record.to_entry() for _, record in sorted(self._kept.records.items())]

    async def wait(self, longest: timedelta) -> None:
        """Return at a change that a scheduler should know of, or after `longest`; of several that wait one returns."""
        seconds, bell, heard = longest.total_seconds(), self._kept.bell, False
        with self._state.lock:
            if bell.take() or seconds <= 0:
                return
            signal = bell.join()
        try:
            heard = await signal.wait(self._clock, seconds)
        finally:
            with self._state.lock:
                bell.leave(signal, heard=heard)

    def _firing(self) -> Firing:
        now = self._clock.milliseconds()
        self._state.refresh(now)
        return Firing(self._state, now)
