"""DueInstants: which of a schedule's due instants fire, and which are passed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ...domain.recurrence.misfire_policy import MisfirePolicy
from ...domain.recurrence.schedule_plan import SchedulePlan
from .timetable import Timetable

MOST_COUNTED = 10_000
PROMPT = 1000
"""Milliseconds that a scheduler which is there may need: no shorter grace calls an instant late."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class DueInstants:
    """What is to be done about instants that are due, before jitter, in milliseconds since 1970.

    The first `missed` ones, up to the instant `last_missed`, are passed over; `missed` counts no further than 10,000. Then
    `firing` fire, in order. `following` is the instant after all these, None where there is none: it may be due as well.
    """

    missed: int
    last_missed: int
    firing: list[int]
    following: int | None

    @classmethod
    def at(
        cls, now: int, first: int, first_due: int, timetable: Timetable, plan: SchedulePlan, most: int
    ) -> DueInstants:
        """By the plan's misfire policy; at most `most` are to fire.

        `first` is the earliest instant that is due, and `first_due` when it was: by another state of the tz database, perhaps,
        so that it need not be in the timetable.
        """
        late = now - max(plan.grace // _MILLISECOND, PROMPT)
        kept: int | None = first
        missed, last_missed = 0, 0
        if first_due < late:
            kept = _first_kept(now, late, first, timetable, plan)
        if kept != first:
            until = now if kept is None else kept - 1
            last_missed = max([first, *timetable.latest(until, 1, first)])
            found = timetable.between(first, last_missed, MOST_COUNTED - 1)
            missed = 1 + (MOST_COUNTED - 1 if found is None else len(found))
        firing: list[int] = []
        while kept is not None and len(firing) < most and (kept == first or timetable.due(kept) <= now):
            firing.append(kept)
            kept = timetable.following(kept)
        return cls(missed, last_missed, firing, kept)


def _first_kept(now: int, late: int, first: int, timetable: Timetable, plan: SchedulePlan) -> int | None:
    """The earliest instant that is not missed, where `first` is beyond the grace time."""
    if plan.misfire == MisfirePolicy.SKIP:
        return timetable.following(_latest_due(late - 1, 1, first, timetable)[-1])
    most = plan.backlog if plan.misfire == MisfirePolicy.RUN_ALL else 1
    return _latest_due(now, most, first, timetable)[0]


def _latest_due(by: int, most: int, first: int, timetable: Timetable) -> list[int]:
    """The latest instants that are due by a time; `first` is."""
    later = [instant for instant in timetable.latest(by, most + 1, first) if timetable.due(instant) <= by]
    return [first, *later][-most:]
