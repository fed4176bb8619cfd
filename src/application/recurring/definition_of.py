"""`definition_of`: a plan as a store keeps it."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from ...domain.recurrence.schedule_plan import SchedulePlan
from ...ports.schedule_entry import ScheduleDefinition
from ..messages import EPOCH, to_milliseconds

_MILLISECOND = timedelta(milliseconds=1)


def definition_of(name: str, envelope: msgspec.Raw, plan: SchedulePlan, source: str) -> ScheduleDefinition:
    """What a store keeps of a well-formed plan: its words, and whole milliseconds. `plan_of` reads it back."""
    recurrence = plan.recurrence
    start = recurrence.start
    return ScheduleDefinition(
        name=name,
        envelope=envelope,
        cron=recurrence.cron,
        every=_length(recurrence.every),
        timezone=recurrence.timezone,
        # No instant before the start: its milliseconds are rounded up.
        start=None if start is None else -((EPOCH - start) // _MILLISECOND),
        end=None if recurrence.end is None else to_milliseconds(recurrence.end),
        limit=recurrence.limit,
        exclude=list(recurrence.exclude),
        jitter=_length(recurrence.jitter),
        misfire=str(plan.misfire),
        grace=plan.grace // _MILLISECOND,
        backlog=plan.backlog,
        overlap=str(plan.overlap),
        source=source,
    )


def _length(value: timedelta | None) -> int | None:
    return None if value is None else value // _MILLISECOND
