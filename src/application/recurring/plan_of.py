"""`plan_of`: the plan of a schedule that is kept."""

from __future__ import annotations

from datetime import timedelta

from ...domain.errors import InvalidJob, Problem
from ...domain.recurrence.recurrence import Recurrence
from ...domain.recurrence.schedule_plan import SchedulePlan
from ...ports.schedule_entry import ScheduleDefinition
from ..messages import to_instant

_MILLISECOND = timedelta(milliseconds=1)


def plan_of(definition: ScheduleDefinition) -> SchedulePlan:
    """The plan that a definition or an entry was made of; InvalidJob where it is not well formed."""
    try:
        plan = SchedulePlan(
            recurrence=Recurrence(
                cron=definition.cron,
                every=_length(definition.every),
                timezone=definition.timezone,
                start=None if definition.start is None else to_instant(definition.start),
                end=None if definition.end is None else to_instant(definition.end),
                limit=definition.limit,
                exclude=tuple(definition.exclude),
                jitter=_length(definition.jitter),
            ),
            misfire=definition.misfire,
            grace=definition.grace * _MILLISECOND,
            backlog=definition.backlog,
            overlap=definition.overlap,
        )
    except OverflowError as error:  # a number of milliseconds that no clock shows
        raise InvalidJob([Problem("schedule", f"{definition.name!r} cannot be read: {error}")]) from None
    plan.check()
    return plan


def _length(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else milliseconds * _MILLISECOND
