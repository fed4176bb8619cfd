"""LedgerScheduler: makes the jobs of recurring schedules through the store's ledger."""

from __future__ import annotations

from ...application.recurring.schedule_pass import SchedulePass
from ...ports.schedule_entry import ScheduleEntry


class LedgerScheduler:
    """Fires due schedules through the store's ledger, so that any number of schedulers make one job per instant."""

    def __init__(self, schedule_pass: SchedulePass) -> None:
        self._pass = schedule_pass

    async def run_due(self) -> float:
        """See `Scheduler.run_due`."""
        return await self._pass()

    def next_due(self, entry: ScheduleEntry, after: int) -> int | None:
        """See `Scheduler.next_due`."""
        from ...application.recurring.timetable_of import timetable_of  # the calendar, for those who ask

        return timetable_of(entry).next_due(after, entry.fired)
