"""The JSON documents of schedules: the schedule itself, its coming instants, its history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...domain.duration import format_duration

if TYPE_CHECKING:
    from ...application.recurring.coming_instant import ComingInstant
    from ...ports.schedule_entry import ScheduleEntry
    from ...ports.schedule_ledger import LedgerEntry

_PAUSED = {"hand": "paused by hand", "config": "paused by the configuration"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def schedule_document(entry: ScheduleEntry) -> dict[str, Any]:
    """Everything about one schedule; instants in UTC, lengths in seconds."""
    return {
        "name": entry.name,
        "type": job_type_of(entry),
        "when": when_of(entry),
        "cron": entry.cron,
        "every_seconds": _seconds(entry.every),
        "description": description_of(entry),
        "timezone": entry.timezone,
        "start": utc(entry.start),
        "end": utc(entry.end),
        "limit": entry.limit,
        "exclude": entry.exclude,
        "jitter_seconds": _seconds(entry.jitter),
        "misfire": entry.misfire,
        "grace_seconds": _seconds(entry.grace),
        "backlog": entry.backlog,
        "overlap": entry.overlap,
        "source": entry.source,
        "state": state_of(entry),
        "paused": entry.paused,
        "next_due": utc(entry.next_due),
        "last_fired": utc(entry.last_fired),
        "queued": utc(entry.queued),
        "fired": entry.fired,
        "skipped": entry.skipped,
        "missed": entry.missed,
    }


def coming_document(coming: ComingInstant) -> dict[str, Any]:
    """One coming instant: in UTC, on the local clock, and when its job is due, jitter included."""
    return {
        "instant": _iso(coming.instant),
        "local": coming.local.isoformat(),
        "due": _iso(coming.due),
        "change": coming.change,
    }


def ledger_document(entry: LedgerEntry) -> dict[str, Any]:
    """What became of one instant."""
    return {
        "instant": utc(entry.instant),
        "outcome": entry.outcome,
        "at": utc(entry.at),
        "count": entry.count,
        "job_id": entry.job_id or None,
    }


def job_type_of(entry: ScheduleEntry) -> str:
    """The type of its jobs; `?` where it cannot be read."""
    from ...ports.envelope import MalformedEnvelope, decode_envelope

    try:
        return decode_envelope(bytes(entry.envelope)).type
    except MalformedEnvelope:
        return "?"


def when_of(entry: ScheduleEntry) -> str:
    """The expression or the interval."""
    if entry.cron is not None:
        return entry.cron
    return f"every {format_duration(timedelta(milliseconds=entry.every or 0))}"


def description_of(entry: ScheduleEntry) -> str | None:
    """When it is due, in plain language; None where its definition cannot be read."""
    from ...application.recurring.description import describe
    from ...application.recurring.plan_of import plan_of
    from ...domain.errors import InvalidJob

    try:
        plan = plan_of(entry)
        plan.check()
    except InvalidJob:
        return None
    return describe(plan.recurrence)


def state_of(entry: ScheduleEntry) -> str:
    """Whether it goes on, and if not, why."""
    if entry.paused:
        return _PAUSED.get(entry.paused_by, "paused")
    if entry.queued is not None:
        return "queued"
    return "ended" if entry.next_due is None else "active"


def utc(milliseconds: int | None) -> str | None:
    """The instant in UTC, with milliseconds where there are any."""
    return None if milliseconds is None else _iso(_EPOCH + timedelta(milliseconds=milliseconds))


def _iso(instant: datetime) -> str:
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00").removesuffix(".000") + "Z"


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
