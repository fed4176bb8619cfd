"""`coming_instants`: the next instants of a schedule, for people."""

from __future__ import annotations

from ...domain.recurrence.time_zone import time_zone
from ...ports.schedule_entry import ScheduleEntry
from ..messages import to_instant
from .coming_instant import ComingInstant
from .timetable import Timetable


def coming_instants(entry: ScheduleEntry, timetable: Timetable, now: int, most: int) -> list[ComingInstant]:
    """At most `most` instants of a kept schedule from `now` on, in order, as if it were not paused; none where it has ended."""
    if entry.next_due is None and not entry.paused:
        return []
    first = timetable.pending(now, entry.fired)
    if first is None or most < 1:
        return []
    zone = time_zone(entry.timezone)
    return [
        ComingInstant(
            instant=to_instant(instant),
            local=to_instant(instant).astimezone(zone),
            due=to_instant(timetable.due(instant)),
            change=timetable.clock_change(instant),
        )
        for instant in (first, *timetable.instants(first, most - 1, entry.fired + 1))
    ]
