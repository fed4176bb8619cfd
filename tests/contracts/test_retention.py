"""How long ended jobs are kept, and JobStore.sweep."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import Adapter
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.job_store import JobQuery
from support.messages import message, messages

ENDING = [JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED]
SHORT = timedelta(milliseconds=50)


async def _complete(adapter: Adapter, job_id: str, keep: timedelta | None = None) -> None:
    await adapter.queue.enqueue([message(job_id)])
    await adapter.settle(await adapter.take_one(), JobEvent.SUCCEEDED, keep=keep)


@pytest.mark.parametrize("event", ENDING)
async def test_an_ended_job_is_kept_as_long_as_asked(adapter: Adapter, event: JobEvent) -> None:
    """ "`keep` is how long an ended job is kept (None: for ever)" """
    await adapter.queue.enqueue([message("short"), message("long"), message("for-ever")])
    keeps = (SHORT, timedelta(hours=1), None)
    for delivery, keep in zip(await adapter.take(limit=3), keeps, strict=True):
        await adapter.settle(delivery, event, keep=keep)
    assert await adapter.is_known("short")
    await adapter.until_due(60)
    assert [await adapter.is_known(name) for name in ("short", "long", "for-ever")] == [False, True, True]
    assert sorted(job.job_id for job in await adapter.store.find(JobQuery(), ["default"])) == [
        "for-ever",
        "long",
    ]


async def test_an_id_is_free_after_retention(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job": one that does not is free."""
    await _complete(adapter, "job", SHORT)
    await adapter.until_due(60)
    [result] = await adapter.queue.enqueue([message("job", type="another")])
    assert (result.is_new, result.error) == (True, None)


async def test_sweep_keeps_the_latest_completed(adapter: Adapter) -> None:
    """ "Remove what retention has ended: completed jobs beyond `max_completed`, and index entries of expired ones. The
    number of jobs removed." """
    for number in range(5):
        await _complete(adapter, f"done-{number}")
        await adapter.until_due(2)
    await adapter.queue.enqueue([message("dead"), message("stopped"), message("waiting")])
    await adapter.settle(await adapter.take_one(), JobEvent.DIED)
    await adapter.store.cancel("stopped", None)
    assert await adapter.store.sweep(2) == 3
    found = sorted(job.job_id for job in await adapter.store.find(JobQuery(), ["default"]))
    assert found == ["dead", "done-3", "done-4", "stopped", "waiting"]
    assert await adapter.store.sweep(2) == 0


async def test_sweep_after_expiry_leaves_no_trace(adapter: Adapter) -> None:
    """ "and index entries of expired ones" """
    await _complete(adapter, "short", SHORT)
    await _complete(adapter, "long", timedelta(hours=1))
    await adapter.until_due(60)
    await adapter.store.sweep(100)
    assert [job.job_id for job in await adapter.store.find(JobQuery(), ["default"])] == ["long"]
    assert await adapter.store.sweep(0) == 1, "an expired job does not count among the completed ones"
    assert await adapter.store.find(JobQuery(), ["default"]) == []


async def test_sweep_of_many(adapter: Adapter) -> None:
    """ "completed jobs beyond `max_completed`" """
    await adapter.queue.enqueue(messages(2500))
    for delivery in await adapter.take(limit=2500):
        assert await adapter.queue.ack(delivery)
    await adapter.until_due(2)
    assert await adapter.store.sweep(100) == 2400
    assert len(await adapter.store.find(JobQuery(limit=1000), ["default"])) == 100
