"""`make_plan`: a plan from the words in which people give one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ...domain.duration import parse_duration
from ...domain.errors import InvalidJob, Problem
from ...domain.recurrence.local_clock import LocalClock
from ...domain.recurrence.misfire_policy import MisfirePolicy
from ...domain.recurrence.overlap_policy import OverlapPolicy
from ...domain.recurrence.recurrence import Recurrence
from ...domain.recurrence.schedule_plan import SchedulePlan
from ...domain.recurrence.time_zone import time_zone

Length = timedelta | float | str


def make_plan(
    *,
    cron: str | None = None,
    every: Length | None = None,
    timezone: str = "UTC",
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    limit: int | None = None,
    exclude: Sequence[str] = (),
    jitter: Length | None = None,
    misfire: MisfirePolicy | str = MisfirePolicy.RUN_ONCE,
    grace: Length = "1m",
    backlog: int = 100,
    overlap: OverlapPolicy | str = OverlapPolicy.ALLOW,
) -> SchedulePlan:
    """A well-formed plan; InvalidJob names each wrong field, and what to write.

    Durations are timedeltas, seconds, or texts such as `"90s"`. `start` and `end` are aware datetimes or ISO 8601 texts; a
    text without an offset is a local time of `timezone`, and one that a clock change skips the end of the gap.
    """
    zone = time_zone(timezone)
    problems: list[Problem] = []

    def read(field: str, value: Any, reader: Callable[[Any], Any]) -> Any:
        try:
            return None if value is None else reader(value)
        except (ValueError, TypeError, OverflowError) as error:
            problems.append(Problem(field, str(error)))
            return None

    def instant(value: Any) -> Any:
        return _instant(value, LocalClock(zone))

    plan = SchedulePlan(
        recurrence=Recurrence(
            cron=cron,
            every=read("every", every, parse_duration),
            timezone=timezone,
            start=read("start", start, instant),
            end=read("end", end, instant),
            limit=limit,
            exclude=tuple(exclude) if isinstance(exclude, (list, tuple)) else exclude,  # type: ignore[arg-type]  # refused
            jitter=read("jitter", jitter, parse_duration),
        ),
        misfire=misfire,
        grace=read("grace", grace, parse_duration),
        backlog=backlog,
        overlap=overlap,
    )
    if problems:
        raise InvalidJob(problems)
    plan.check()
    return plan


def _instant(value: Any, clock: LocalClock) -> Any:
    """The aware datetime of a text or a date; anything else as it is, for `check` to judge."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str):
        return value
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        example = "2026-03-01T08:00 or 2026-03-01T08:00+01:00"
        raise ValueError(f"{value!r} is not an ISO 8601 instant; write it like {example}") from None
    if read.tzinfo is not None:
        return read
    second = datetime.fromtimestamp(clock.instant(read.replace(microsecond=0)), UTC)
    return second + timedelta(microseconds=read.microsecond)
