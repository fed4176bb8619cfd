"""plan: a schedule on its way into a store, made from what a test cares about; and what tests do with one."""

from __future__ import annotations

from typing import Any

import msgspec

from hexjobs.ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from hexjobs.ports.schedule_store import ScheduleStore
from support.messages import message

HOUR = 3_600_000


def plan(name: str = "hourly", *, next_due: int, anchor: int = 0, **fields: Any) -> Planned:
    """A schedule of each full hour that begins at `next_due`; `fields` are further ones of its definition."""
    rhythm = {} if "every" in fields else {"cron": "0 * * * *"}
    known: dict[str, Any] = {"name": name, "envelope": msgspec.Raw(message().data), **rhythm}
    return Planned(ScheduleDefinition(**{**known, **fields}), anchor=anchor, next_due=next_due)


async def fire(
    schedules: ScheduleStore, instant: int, overlap: str = "allow", *, name: str = "hourly", **fields: Any
) -> FireOutcome:
    """Claim an instant of a schedule; the next one is an hour later. `fields` are of its job's envelope."""
    sent = message(f"schedule:{name}:{instant}", **fields)
    return await schedules.fire(Claim(name, instant, instant, instant + HOUR), sent, overlap)


async def entry_of(schedules: ScheduleStore, name: str = "hourly") -> ScheduleEntry:
    """The schedule that must be there."""
    entry = await schedules.get(name)
    assert entry is not None
    return entry
