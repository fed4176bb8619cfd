"""ScheduleStore: a scheduler waits for a change of which it should know."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from contracts.schedule_acts import ENDS, SECOND, SOON, end_by, end_next, fire, look, planned, put_due
from support.messages import message

CHANGES = ("put", "put again", "seeded", "resumed")
WAIT = 250


async def _change(adapter: Adapter, change: str) -> None:
    if change == "seeded":
        await adapter.schedules.seed(1, "x", [planned(next_due=HOUR, source="config")], prune=False)
    elif change == "resumed":
        assert await adapter.schedules.resume("paused", HOUR)
    else:
        await adapter.schedules.put(planned(next_due=HOUR))


async def _returns(adapter: Adapter) -> None:
    """Wait for a change that is there."""
    await asyncio.wait_for(adapter.schedules.wait(SOON), 10)


async def _nothing_is_kept(adapter: Adapter) -> None:
    """Wait as long as it takes: no change ends it."""
    before = await adapter.schedules.now()
    await adapter.while_time_passes(adapter.schedules.wait(timedelta(milliseconds=WAIT)))
    assert await adapter.schedules.now() - before > WAIT * 0.8


async def _quiet(adapter: Adapter) -> None:
    """Take the changes that were kept so far."""
    await adapter.while_time_passes(adapter.schedules.wait(timedelta(milliseconds=20)))


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_ends_the_wait(adapter: Adapter, change: str) -> None:
    """ "Return when something has changed of which a scheduler should know" "A change is an entry that was put, seeded or resumed," """
    other = await adapter.two()
    await adapter.schedules.put(planned("paused", next_due=HOUR))
    await adapter.schedules.pause("paused")
    if change == "put again":
        await adapter.schedules.put(planned(next_due=HOUR))
    await _quiet(adapter)
    waiting = asyncio.create_task(adapter.schedules.wait(SOON))
    await adapter.until_due(30)
    assert not waiting.done()
    await _change(other, change)
    await asyncio.wait_for(waiting, 10)


async def test_the_longest_wait(adapter: Adapter) -> None:
    """ "at the latest after `longest`." """
    await _nothing_is_kept(adapter)
    await asyncio.wait_for(adapter.while_time_passes(adapter.schedules.wait(timedelta(0))), 10)


async def test_a_change_is_kept(adapter: Adapter) -> None:
    """ "A change while nobody waits is kept for the next one that does." """
    for change in CHANGES:
        if change == "resumed":
            await adapter.schedules.put(planned("paused", next_due=HOUR))
            await adapter.schedules.pause("paused")
            await _quiet(adapter)
        await _change(adapter, change)
        await _returns(adapter)
    await _nothing_is_kept(adapter)


async def test_changes_are_kept_as_one(adapter: Adapter) -> None:
    """ "is kept for the next one that does": once, however many there were."""
    for number in range(20):
        await adapter.schedules.put(planned(f"s-{number}", next_due=HOUR))
    await _returns(adapter)
    await _nothing_is_kept(adapter)


async def test_one_of_several_returns(adapter: Adapter) -> None:
    """ "Of several that wait one returns." """
    other = await adapter.two()
    waiting = {
        asyncio.create_task(client.schedules.wait(SOON)) for client in (adapter, other, await adapter.two())
    }
    await adapter.until_due(30)
    for left in (2, 1, 0):
        await adapter.schedules.put(planned(next_due=HOUR))
        done, waiting = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        await adapter.until_due(30)
        assert sum(not task.done() for task in waiting) == left


async def test_one_that_gave_up_takes_no_change(adapter: Adapter) -> None:
    """ "A change while nobody waits is kept": a wait that was cancelled is none."""
    other = await adapter.two()
    waiting = asyncio.create_task(other.schedules.wait(SOON))
    await adapter.until_due(30)
    waiting.cancel()
    await asyncio.wait({waiting})
    await adapter.until_due(30)
    await adapter.schedules.put(planned(next_due=HOUR))
    await _returns(adapter)


@pytest.mark.parametrize("end", ENDS)
async def test_the_end_of_a_job_ends_the_wait(adapter: Adapter, end: str) -> None:
    """ "and an ended job that an instant waits for." """
    due = await put_due(adapter)
    await fire(adapter, due)
    await fire(adapter, due + SECOND, overlap="queue_one")
    await _quiet(adapter)
    waiting = asyncio.create_task(adapter.schedules.wait(SOON))
    await adapter.until_due(30)
    assert not waiting.done()
    await end_by(adapter, end)
    await asyncio.wait_for(waiting, 10)
    assert len((await look(adapter)).released) == 1


async def test_a_worker_that_leaves_ends_nothing(adapter: Adapter) -> None:
    """ "an ended job": one that was given back is none, one whose cancelling was asked for is."""
    due = await put_due(adapter)
    await fire(adapter, due)
    await fire(adapter, due + SECOND, overlap="queue_one")
    await _quiet(adapter)
    await adapter.take_one(worker_id="w-2")
    await adapter.leases.take_over("w-2", None)
    await _nothing_is_kept(adapter)
    await adapter.take_one(worker_id="w-3")
    await adapter.store.cancel(f"schedule:nightly:{due}", None)
    await adapter.leases.take_over("w-3", None)
    await _returns(adapter)


async def test_what_is_no_change(adapter: Adapter) -> None:
    """ "A change is an entry that was put, seeded or resumed, and an ended job that an instant waits for": nothing else is."""
    due = await put_due(adapter)
    await put_due(adapter, "other")
    await adapter.schedules.seed(1, "x", [], prune=False)
    await _quiet(adapter)
    await fire(adapter, due)
    await fire(adapter, due + SECOND, overlap="skip")
    await adapter.schedules.trigger("nightly", message("schedule:nightly:manual:1"))
    await adapter.queue.enqueue([message("job")])
    for _ in range(3):
        await end_next(adapter)
    await look(adapter)
    await adapter.schedules.seed(1, "y", [], prune=False)
    await adapter.schedules.pause("nightly")
    await adapter.schedules.remove("other")
    await _nothing_is_kept(adapter)
