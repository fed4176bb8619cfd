"""The ids of the jobs that schedules make, which tell the schedule and the instant."""

from __future__ import annotations

from datetime import datetime

from ...ports.envelope import uuid7_milliseconds
from ..messages import to_instant, to_milliseconds

_MANUAL = "manual:"


def fire_id(name: str, instant: int) -> str:
    """The id of the job of an instant before jitter: `schedule:{name}:2026-03-01T02:00:00Z`.

    Milliseconds stand in it, as `.500Z`, only where they are not zero: so an instant has one id.
    """
    parts = "milliseconds" if instant % 1000 else "seconds"
    text = to_instant(instant).replace(tzinfo=None).isoformat(timespec=parts)
    return f"schedule:{name}:{text}Z"


def manual_id(name: str, unique: str) -> str:
    """The id of a job that was made beside the timetable; `unique` is a UUIDv7."""
    return f"schedule:{name}:{_MANUAL}{unique}"


def told_time(job_id: str) -> int | None:
    """The instant, or the time of a trigger, that such an id tells, in milliseconds since 1970; None where it is none."""
    word, _, rest = job_id.partition(":")
    text = rest.partition(":")[2]
    if word != "schedule" or not text:
        return None
    if text.startswith(_MANUAL):
        return uuid7_milliseconds(text.removeprefix(_MANUAL))
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else to_milliseconds(instant)
