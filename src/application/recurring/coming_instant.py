"""ComingInstant: one of the next instants of a schedule, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...domain.recurrence.local_clock import ClockChange


@dataclass(frozen=True, slots=True)
class ComingInstant:
    """When a schedule is due: `instant` in UTC and `local` in its zone, both before jitter, and `due` with it, in UTC.

    `change` says how a change of the clock bears on it: `gap`, it stands for a local time that was skipped; `overlap`, its
    local time exists twice; None: not at all.
    """

    instant: datetime
    local: datetime
    due: datetime
    change: ClockChange | None = None
