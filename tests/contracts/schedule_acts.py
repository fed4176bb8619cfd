"""What the tests of the schedule store do over and over: plan a schedule, claim an instant, end a job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from contracts.harness import HOUR, Adapter
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.envelope import Message
from hexjobs.ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from hexjobs.ports.schedule_ledger import Claim, FireOutcome, Look
from support.messages import message

SECOND = 1000
SOON = timedelta(seconds=20)
ENDS = ("completed", "failed", "cancelled", "cancelled while it runs", "deleted", "purged", "forgotten")


def planned(name: str = "nightly", *, next_due: int, anchor: int = 7, **fields: Any) -> Planned:
    """A schedule that begins at `next_due`; `fields` are further ones of its definition."""
    known: dict[str, Any] = {
        "name": name,
        "envelope": msgspec.Raw(b'{"v":1,"type":"report","payload":{"n": 1}}'),
    }
    if "cron" not in fields:
        known["every"] = 60_000
    return Planned(ScheduleDefinition(**{**known, **fields}), anchor=anchor, next_due=next_due)


async def put_due(adapter: Adapter, name: str = "nightly", *, ago: int = HOUR, **fields: Any) -> int:
    """Keep a schedule that has been due since `ago` milliseconds; that instant."""
    due = await adapter.schedules.now() - ago
    await adapter.schedules.put(planned(name, next_due=due, **fields))
    return due


def job_of(instant: int, name: str = "nightly", **fields: Any) -> Message:
    """The message that an instant of a schedule makes."""
    return message(f"schedule:{name}:{instant}", **fields)


async def fire(
    adapter: Adapter, due: int, name: str = "nightly", *, overlap: str = "allow", **fields: Any
) -> FireOutcome:
    """Claim an instant without jitter; the next one is a second later."""
    claim = Claim(name, due, due, due + SECOND)
    return await adapter.schedules.fire(claim, job_of(due, name, **fields), overlap)


async def pass_over(adapter: Adapter, due: int, count: int = 1, name: str = "nightly") -> bool:
    """Note an instant as missed, for `count` of them; the next one is a second later."""
    return await adapter.schedules.pass_over(Claim(name, due, due, due + SECOND), count)


async def entry_of(adapter: Adapter, name: str = "nightly") -> ScheduleEntry:
    """The schedule that must be there."""
    entry = await adapter.schedules.get(name)
    assert entry is not None, f"{name} should be kept"
    return entry


async def outcomes(adapter: Adapter, name: str = "nightly") -> list[tuple[int, str, str]]:
    """What the ledger says, the latest first: instant, outcome and job."""
    return [
        (entry.instant, entry.outcome, entry.job_id) for entry in await adapter.schedules.history(name, 2000)
    ]


async def end_next(adapter: Adapter, event: JobEvent = JobEvent.SUCCEEDED, **how: Any) -> str:
    """Run the job that waits first to its end; its id."""
    delivery = await adapter.take_one()
    assert await adapter.settle(delivery, event, **how)
    return delivery.job_id


async def look(adapter: Adapter, most: int = 100) -> Look:
    """What is due now."""
    return await adapter.schedules.look(most)


def names(looked: Look) -> list[str]:
    """The schedules that are due, in order."""
    return [entry.name for entry in looked.due]


def id_of(instant: int) -> str:
    """The job of an instant of the schedule `nightly`."""
    return f"schedule:nightly:{instant}"


async def end_by(adapter: Adapter, end: str) -> None:
    """End the one job that waits, in one of the ways of ENDS."""
    if end == "completed":
        await end_next(adapter)
    elif end == "failed":
        await end_next(adapter, JobEvent.DIED)
    elif end == "forgotten":
        await end_next(adapter, keep=timedelta(0))
        await adapter.store.sweep(0)
    elif end == "cancelled while it runs":
        delivery = await adapter.take_one()
        await adapter.store.cancel(delivery.job_id, None)
        await adapter.settle(delivery, JobEvent.CANCELLED)
    elif end == "purged":
        assert await adapter.control.purge("default") == 1
    else:
        [job_id] = await adapter.schedules.unended("nightly")
        if end == "cancelled":
            await adapter.store.cancel(job_id, None)
        else:
            assert await adapter.store.delete(job_id)
