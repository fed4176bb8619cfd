"""ScheduleStore: an instant that waits for the jobs of earlier ones fires once they have ended."""

from __future__ import annotations

import asyncio

import pytest

from contracts.harness import Adapter
from contracts.schedule_acts import (
    ENDS,
    SECOND,
    end_by,
    end_next,
    entry_of,
    fire,
    id_of,
    look,
    outcomes,
    put_due,
)
from hexjobs.domain.status import JobStatus
from hexjobs.ports.schedule_ledger import FireOutcome, Released
from support.messages import message

FIRED, SKIPPED, QUEUED = FireOutcome.FIRED, FireOutcome.SKIPPED, FireOutcome.QUEUED


async def _queue_one(adapter: Adapter) -> int:
    """One instant has fired, the next one waits for its job: that next one."""
    due = await put_due(adapter)
    assert await fire(adapter, due) is FIRED
    assert await fire(adapter, due + SECOND, overlap="queue_one", priority="high") is QUEUED
    return due + SECOND


async def test_an_instant_is_queued(adapter: Adapter) -> None:
    """ "the instant is skipped, or queued." "`queued` is the instant that waits for an earlier job to end." """
    instant = await _queue_one(adapter)
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.queued, entry.fired, entry.skipped) == (instant, 1, 0)
    assert (entry.last_fired, entry.next_due) == (instant - SECOND, instant + SECOND)
    assert (looked.released, looked.waits, [due.queued for due in looked.due]) == ([], True, [instant])
    assert await outcomes(adapter) == [
        (instant, "queued", id_of(instant - SECOND)),
        (instant - SECOND, "fired", id_of(instant - SECOND)),
    ]
    assert await adapter.schedules.unended("nightly") == [id_of(instant - SECOND)]
    assert await adapter.take_all() == [id_of(instant - SECOND)]
    assert (await adapter.checker.check()).findings == []


async def test_one_alone_is_queued(adapter: Adapter) -> None:
    """ "the instant is skipped, or queued": while one waits, further ones are skipped."""
    instant = await _queue_one(adapter)
    assert await fire(adapter, instant + SECOND, overlap="queue_one") is SKIPPED
    assert await fire(adapter, instant + 2 * SECOND, overlap="skip") is SKIPPED
    entry = await entry_of(adapter)
    assert (entry.queued, entry.fired, entry.skipped) == (instant, 1, 2)
    await end_next(adapter)
    assert await fire(adapter, instant + 3 * SECOND, overlap="queue_one") is SKIPPED, "its turn comes first"
    assert [released.instant for released in (await look(adapter)).released] == [instant]
    assert await fire(adapter, instant + 4 * SECOND, overlap="queue_one") is QUEUED
    assert (await entry_of(adapter)).queued == instant + 4 * SECOND


@pytest.mark.parametrize("end", ENDS)
async def test_a_queued_instant_is_released(adapter: Adapter, end: str) -> None:
    """ "Instants that waited for jobs which have ended by now fire first." """
    instant = await _queue_one(adapter)
    await end_by(adapter, end)
    looked = await look(adapter)
    assert looked.released == [Released("nightly", instant, id_of(instant))]
    assert (looked.waits, [due.queued for due in looked.due]) == (False, [None])
    job = await adapter.job(id_of(instant))
    assert (job.status, job.queue) == (JobStatus.PENDING, "default")
    entry = await entry_of(adapter)
    assert (entry.queued, entry.fired, entry.last_fired) == (None, 2, instant)
    assert await outcomes(adapter) == [(at, "fired", id_of(at)) for at in (instant, instant - SECOND)]
    assert (await look(adapter)).released == []
    assert (await adapter.take_one()).priority.name == "HIGH"
    assert await adapter.take_all() == []
    assert await adapter.store.enqueued_counts() == {
        ("report", "normal", "default"): 1,
        ("report", "high", "default"): 1,
    }
    assert (await adapter.checker.check()).findings == []


async def test_it_is_released_after_all_earlier_jobs(adapter: Adapter) -> None:
    """ "Instants that waited for jobs which have ended by now": not for one of them alone."""
    due = await put_due(adapter)
    for number in range(3):
        await fire(adapter, due + number * SECOND)
    assert await fire(adapter, due + 3 * SECOND, overlap="queue_one") is QUEUED
    for _ in range(2):
        await end_next(adapter)
        assert (await look(adapter)).released == []
    await end_next(adapter)
    assert len((await look(adapter)).released) == 1


async def test_it_is_released_once(adapter: Adapter) -> None:
    """ "Instants that waited for jobs" "fire first": one job, however many look."""
    other = await adapter.two()
    instant = await _queue_one(adapter)
    await end_next(adapter)
    looks = await asyncio.gather(*[look(client) for client in (adapter, other) for _ in range(10)])
    assert sum(len(looked.released) for looked in looks) == 1
    assert await adapter.take_all() == [id_of(instant)]
    assert (await entry_of(adapter)).fired == 2


async def test_a_look_that_takes_nothing_releases(adapter: Adapter) -> None:
    """ "`most` entries at most": of those that are due."""
    await _queue_one(adapter)
    await end_next(adapter)
    looked = await look(adapter, 0)
    assert (looked.due, len(looked.released)) == ([], 1)


async def test_one_of_a_paused_entry_waits(adapter: Adapter) -> None:
    """ "One of a paused entry goes on waiting until it is resumed." """
    instant = await _queue_one(adapter)
    await adapter.schedules.pause("nightly")
    await end_next(adapter)
    assert (await look(adapter)).released == []
    assert ((await entry_of(adapter)).queued, await adapter.take_all()) == (instant, [])
    await adapter.schedules.resume("nightly", None)
    assert len((await look(adapter)).released) == 1
    assert (await adapter.checker.check()).findings == []


async def test_one_whose_unique_key_is_held_by_then_is_skipped(adapter: Adapter) -> None:
    """ "It is skipped as well where another job holds the message's unique key." """
    due = await put_due(adapter)
    await fire(adapter, due, unique="key")
    assert await fire(adapter, due + SECOND, overlap="queue_one", unique="key") is QUEUED
    await end_next(adapter, unique="key")
    await adapter.queue.enqueue([message("other", unique="key")])
    looked = await look(adapter)
    assert (looked.released, looked.waits) == ([], False)
    entry = await entry_of(adapter)
    assert (entry.queued, entry.fired, entry.skipped) == (None, 1, 1)
    assert await outcomes(adapter) == [(due + SECOND, "skipped", "other"), (due, "fired", id_of(due))]
    assert await adapter.take_all() == ["other"]


async def test_removed_with_what_waits(adapter: Adapter) -> None:
    """ "Forget the entry with its ledger" """
    await _queue_one(adapter)
    await adapter.schedules.remove("nightly")
    await end_next(adapter)
    looked = await look(adapter)
    assert (looked.released, looked.waits, await adapter.take_all()) == ([], False, [])
    await put_due(adapter)
    assert ((await entry_of(adapter)).queued, (await look(adapter)).released) == (None, [])
    assert (await adapter.checker.check()).findings == []
