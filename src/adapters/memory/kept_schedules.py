"""KeptSchedules: the schedules of one store, and who waits for a change of them."""

from __future__ import annotations

from collections.abc import Sequence

from ...ports.schedule_entry import Planned
from ...ports.schedule_ledger import Seeding
from .bell import Bell
from .schedule_record import ScheduleRecord

_JOB_OF_A_SCHEDULE = "schedule:"


class KeptSchedules:
    """The schedules by name, and the configuration that was applied last; touched with the store's lock held."""

    def __init__(self) -> None:
        self.records: dict[str, ScheduleRecord] = {}
        self.bell = Bell()
        self.revision: int | None = None
        self._digest = ""

    def put(self, planned: Planned) -> ScheduleRecord:
        """Add a schedule or replace it."""
        record = self.records.get(planned.definition.name)
        if record is None:
            record = self.records[planned.definition.name] = ScheduleRecord.of(planned)
        else:
            record.plan(planned)
        return record

    def seed(self, revision: int, digest: str, entries: Sequence[Planned], *, prune: bool) -> Seeding:
        """Apply a configuration, where its revision is a higher one."""
        if self.revision is not None and revision <= self.revision:
            return Seeding(applied=False, revision=self.revision, digest=self._digest)
        seeding = Seeding(applied=True, revision=revision, digest=digest)
        self.revision, self._digest = revision, digest
        for planned in entries:
            record = self.put(planned)
            if record.paused_by == "config":
                record.paused_by = ""
                record.next_due = None if record.next_due is None else planned.next_due
        named = {planned.definition.name for planned in entries}
        for name, record in sorted(self.records.items()):
            if name not in named and record.definition.source == "config":
                if prune:
                    del self.records[name]
                    seeding.removed.append(name)
                elif not record.paused_by:
                    record.paused_by = "config"
                    seeding.paused.append(name)
        return seeding

    def tell_of_end(self, job_id: str) -> None:
        """A job has ended, or is gone: an instant of its schedule may have waited for that."""
        if job_id.startswith(_JOB_OF_A_SCHEDULE):
            record = self.records.get(job_id.split(":", 2)[1])
            if record is not None and record.queued is not None:
                self.bell.ring()
