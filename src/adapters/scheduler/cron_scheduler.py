"""CronScheduler: makes the jobs of recurring schedules, on their timetables."""

from __future__ import annotations

from datetime import datetime

import structlog
from msgspec import structs

from ...application.messages import to_instant, to_milliseconds
from ...domain.errors import InvalidJob, Problem
from ...domain.recurrence.recurrence import Recurrence
from ...ports.clock import Clock
from ...ports.envelope import MalformedEnvelope, Message, decode_envelope
from ...ports.schedule_store import ScheduleEntry, ScheduleStore

MINUTE = 60_000
LONGEST_WAIT = 20_000
log = structlog.get_logger("hexjobs.scheduler")


class CronScheduler:
    """Fires due schedules through the store's ledger, so that any number of schedulers make one job per instant.

    A local time that a clock change skips fires at the end of the gap, one that exists twice at the first only. After a
    time without any scheduler a schedule fires once and goes on from the present. Cron's instants are whole minutes, so
    a look at the turn of each finds also what was added since the last one, and nothing is late.
    """

    def __init__(self, store: ScheduleStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run_due(self) -> float:
        """See `Scheduler.run_due`."""
        now = to_milliseconds(self._clock.now())
        earliest = await self._store.next_due()
        if earliest is not None and earliest <= now:
            for entry in await self._store.list():
                if not entry.paused and entry.next_due <= now:
                    await self._fire(entry, now)
            return 0.0
        wait = min(LONGEST_WAIT, MINUTE - now % MINUTE)
        return (wait if earliest is None else min(wait, earliest - now)) / 1000

    def next_instant(self, cron: str, timezone: str, after: int) -> int:
        """See `Scheduler.next_instant`."""
        from ...application.recurring.timetable import Timetable

        recurrence = Recurrence(cron=cron, timezone=timezone)
        recurrence.check()
        expression = recurrence.expression
        if expression is None or expression.has_seconds:
            raise InvalidJob([Problem("cron", f"{cron!r}: intervals and seconds are not supported yet")])
        timetable = Timetable(recurrence)
        timetable.check(after)
        following = timetable.following(after)
        if following is None:  # `check` refuses what is never due
            raise InvalidJob([Problem("cron", f"{cron!r} is never due")])
        return following

    async def _fire(self, entry: ScheduleEntry, now: int) -> None:
        try:
            envelope = decode_envelope(bytes(entry.envelope))
        except MalformedEnvelope:
            log.exception("schedule_unreadable", schedule=entry.name)
            await self._store.set_paused(entry.name, True)
            return
        message = Message.of(fire_id(entry.name, entry.next_due), structs.replace(envelope, at=now))
        following = self.next_instant(entry.cron, entry.timezone, now)
        if await self._store.fire(entry.name, entry.next_due, following, message):
            late = round((now - entry.next_due) / 1000, 3)
            log.info("schedule_fired", schedule=entry.name, job_id=message.job_id, late_seconds=late)


def fire_id(name: str, due: int) -> str:
    """The id of the job that an instant makes: `schedule:{name}:{instant}`, the instant in UTC."""
    instant: datetime = to_instant(due)
    return f"schedule:{name}:{instant:%Y-%m-%dT%H:%M:%SZ}"
