"""DueTimes: when kept schedules are due, as the check of a store asks for it."""

from __future__ import annotations

from hexjobs.application.recurring.timetable_of import timetable_of
from hexjobs.ports.schedule_entry import ScheduleEntry


class DueTimes:
    """Scheduler that fires nothing."""

    async def run_due(self) -> float:
        """See `Scheduler.run_due`."""
        return 60.0

    def next_due(self, entry: ScheduleEntry, after: int) -> int | None:
        """See `Scheduler.next_due`."""
        return timetable_of(entry).next_due(after, entry.fired)
