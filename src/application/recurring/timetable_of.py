"""`timetable_of`: the instants of a schedule that is kept."""

from __future__ import annotations

from ...ports.schedule_entry import ScheduleEntry
from .plan_of import plan_of
from .timetable import Timetable


def timetable_of(entry: ScheduleEntry) -> Timetable:
    """The timetable of a kept schedule; InvalidJob where its definition is not well formed."""
    return Timetable(plan_of(entry).recurrence, name=entry.name, anchor=entry.anchor)
