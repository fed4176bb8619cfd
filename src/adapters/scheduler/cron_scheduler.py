"""CronScheduler: makes the jobs of recurring schedules, by cronsim and the IANA zones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from msgspec import structs

from ...application.messages import to_instant, to_milliseconds
from ...domain.errors import InvalidJob, Problem
from ...domain.suggestion import nearest
from ...ports.clock import Clock
from ...ports.envelope import MalformedEnvelope, Message, decode_envelope
from ...ports.schedule_store import ScheduleEntry, ScheduleStore

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
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
        try:
            zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            from zoneinfo import available_timezones

            hint = nearest(timezone, available_timezones())
            raise InvalidJob([Problem("timezone", f"{timezone!r} is not an IANA time zone{hint}")]) from None
        expression = ALIASES.get(cron.strip(), cron.strip())
        if expression.startswith("@"):
            raise InvalidJob([Problem("cron", f"{cron!r} is not known{nearest(expression, ALIASES)}")])
        if len(expression.split()) != 5:
            raise InvalidJob(
                [Problem("cron", f"{cron!r} must have five fields: minute hour day month weekday")]
            )
        from cronsim import CronSim, CronSimError

        try:
            following = next(CronSim(expression, to_instant(after).astimezone(zone)))
        except (CronSimError, StopIteration) as error:
            reason = str(error) or "it never fires"
            raise InvalidJob([Problem("cron", f"{cron!r} is not a cron expression: {reason}")]) from None
        return to_milliseconds(following.astimezone(UTC))

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
