"""`planned_of`: a definition with where it begins."""

from __future__ import annotations

from ...domain.errors import InvalidJob, Problem
from ...ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from .plan_of import plan_of
from .timetable import Timetable

_NEVER = 253_370_764_800_000  # the year 9999: what has ended has no next due instant, and a store keeps that it has


def planned_of(definition: ScheduleDefinition, now: int, known: ScheduleEntry | None = None) -> Planned:
    """The definition with its anchor, `now` cut to whole seconds, and its first due instant after `now`, the store's clock.

    `known` is the entry that it replaces: one with the same rhythm goes on as it was. InvalidJob tells why it would never
    be due.
    """
    if known is not None and known.rhythm == definition.rhythm:
        return Planned(definition, known.anchor, _NEVER if known.next_due is None else known.next_due)
    anchor, after, fired = now - now % 1000, now, 0
    if known is not None:  # a clock that was set back must not bring instants that have fired
        after, fired = max(now, known.last_fired or 0), known.fired
    timetable = Timetable(plan_of(definition).recurrence, name=definition.name, anchor=anchor)
    timetable.check(after)
    next_due = timetable.next_due(after, fired)
    if next_due is None:  # `check` knows nothing of fires
        raise InvalidJob([Problem("limit", f"{definition.limit} is reached: it has fired {fired} times")])
    return Planned(definition, anchor, next_due)
