"""JobStore.retry and JobStore.delete."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.job_store import JobQuery
from support.messages import message

WAITING = ("pending", "scheduled", "retrying")


async def _job_in(adapter: Adapter, state: str) -> None:
    await adapter.queue.enqueue([message("job", due=adapter.now() + HOUR if state == "scheduled" else None)])
    if state in ("pending", "scheduled"):
        return
    if state == "cancelled":
        await adapter.store.cancel("job", None)
        return
    delivery = await adapter.take_one()
    if state == "retrying":
        await adapter.queue.nack(delivery, timedelta(hours=1), "boom")
    elif state == "completed":
        await adapter.queue.ack(delivery, b"1")
    elif state == "failed":
        await adapter.settle(delivery, JobEvent.DIED, error="boom")


async def test_a_retried_job_goes_to_the_tail_of_its_level(adapter: Adapter) -> None:
    """ "Put a failed or cancelled job at the tail of its level with its attempts and crashes at zero." """
    await adapter.queue.enqueue([message("job", priority="high")])
    await adapter.queue.nack(await adapter.take_one(), timedelta(milliseconds=10), "boom")
    await adapter.until_due(10)
    await adapter.settle(await adapter.take_one(), JobEvent.DIED, error="boom")
    await adapter.queue.enqueue([message("before", priority="high"), message("low", priority="low")])
    assert await adapter.store.retry("job")
    job = await adapter.job("job")
    assert (job.status, job.attempt, job.finished) == (JobStatus.PENDING, 0, None)
    assert await adapter.take_all() == ["before", "job", "low"]
    assert (await adapter.job("job")).attempt == 1


async def test_a_cancelled_job_can_be_retried(adapter: Adapter) -> None:
    """ "Put a failed or cancelled job at the tail of its level" """
    await adapter.queue.enqueue([message("job", due=adapter.now() + HOUR)])
    await adapter.store.cancel("job", timedelta(milliseconds=50))
    assert await adapter.store.retry("job")
    await adapter.until_due(60)
    assert await adapter.take_all() == ["job"], "its time to be kept counts no more"


@pytest.mark.parametrize("state", [*WAITING, "processing", "completed"])
async def test_no_other_job_can_be_retried(adapter: Adapter, state: str) -> None:
    """ "IllegalTransition when it is in another state" """
    await _job_in(adapter, state)
    before = await adapter.job("job")
    assert before.status == state
    with pytest.raises(IllegalTransition):
        await adapter.store.retry("job")
    assert await adapter.job("job") == before


async def test_an_unknown_job_cannot_be_retried(adapter: Adapter) -> None:
    """ "False when there is no such job." """
    assert not await adapter.store.retry("nobody")


@pytest.mark.parametrize("state", [*WAITING, "completed", "failed", "cancelled"])
async def test_a_deleted_job_is_forgotten(adapter: Adapter, state: str) -> None:
    """ "Forget a job that does not run, with all that belongs to it." """
    await _job_in(adapter, state)
    assert (await adapter.job("job")).status == state
    assert await adapter.store.delete("job")
    assert not await adapter.is_known("job")
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.failed) == (0, 0, 0, 0)
    assert await adapter.take_all() == []
    assert await adapter.store.find(JobQuery(), ["default"]) == []
    assert not await adapter.store.delete("job")


async def test_an_id_of_a_deleted_job_is_free(adapter: Adapter) -> None:
    """ "Forget a job that does not run, with all that belongs to it." """
    await _job_in(adapter, "failed")
    await adapter.store.delete("job")
    [result] = await adapter.queue.enqueue([message("job", type="another")])
    assert (result.is_new, result.error) == (True, None)
    job = await adapter.job("job")
    assert (job.status, job.attempt, job.error, job.reason) == (JobStatus.PENDING, 0, None, None)


async def test_a_running_job_cannot_be_deleted(adapter: Adapter) -> None:
    """ "IllegalTransition when it is processing." """
    await _job_in(adapter, "processing")
    before = await adapter.job("job")
    with pytest.raises(IllegalTransition):
        await adapter.store.delete("job")
    assert await adapter.job("job") == before


async def test_an_unknown_job_cannot_be_deleted(adapter: Adapter) -> None:
    """ "False when there is none" """
    assert not await adapter.store.delete("nobody")
