"""JobStore.cancel: ending a job from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import LeaseState
from hexjobs.ports.job_store import CancelResult
from support.messages import message

RUNS_AGAIN = [JobEvent.ERRED, JobEvent.SNOOZED, JobEvent.GIVEN_BACK]


async def _cancelled(adapter: Adapter, job_id: str) -> None:
    assert await adapter.store.cancel(job_id, None) is CancelResult.CANCELLED
    job = await adapter.job(job_id)
    assert (job.status, job.reason) == (JobStatus.CANCELLED, "cancelled")
    assert job.finished is not None


async def test_a_waiting_job_ends_as_cancelled(adapter: Adapter) -> None:
    """ "End a waiting, scheduled or retrying job as cancelled" """
    await adapter.queue.enqueue([message("first"), message("job"), message("last")])
    await _cancelled(adapter, "job")
    assert await adapter.take_all() == ["first", "last"]


async def test_a_scheduled_job_ends_as_cancelled(adapter: Adapter) -> None:
    """ "End a waiting, scheduled or retrying job as cancelled" """
    await adapter.queue.enqueue(
        [message("job", due=adapter.now() + 30), message("late", due=adapter.now() + HOUR)]
    )
    await _cancelled(adapter, "late")
    await _cancelled(adapter, "job")
    await adapter.until_due(40)
    assert await adapter.take_all() == []
    assert (await adapter.queue.stats("default")).scheduled == 0


async def test_a_retrying_job_ends_as_cancelled(adapter: Adapter) -> None:
    """ "End a waiting, scheduled or retrying job as cancelled" """
    await adapter.queue.enqueue([message("job")])
    await adapter.queue.nack(await adapter.take_one(), timedelta(hours=1), "boom")
    await _cancelled(adapter, "job")
    assert (await adapter.queue.stats("default")).retrying == 0


async def test_a_running_job_is_asked(adapter: Adapter) -> None:
    """ "ask for it when it runs" """
    await adapter.queue.enqueue([message("job")])
    delivery = await adapter.take_one()
    assert await adapter.queue.extend([delivery]) == [LeaseState.HELD]
    assert await adapter.store.cancel("job", None) is CancelResult.REQUESTED
    assert await adapter.store.cancel("job", None) is CancelResult.REQUESTED
    assert (await adapter.job("job")).status is JobStatus.PROCESSING
    assert await adapter.queue.extend([delivery]) == [LeaseState.CANCEL_REQUESTED]
    assert await adapter.queue.extend([delivery]) == [LeaseState.CANCEL_REQUESTED]
    assert await adapter.settle(delivery, JobEvent.CANCELLED)
    assert (await adapter.job("job")).status is JobStatus.CANCELLED


@pytest.mark.parametrize("event", RUNS_AGAIN)
async def test_a_job_that_was_asked_does_not_run_again(adapter: Adapter, event: JobEvent) -> None:
    """ "A job whose cancelling was requested while it ran ends as cancelled where it would have run again." """
    await adapter.queue.enqueue([message("job")])
    delivery = await adapter.take_one()
    await adapter.store.cancel("job", None)
    assert await adapter.settle(delivery, event, delay=timedelta(0), error="boom")
    assert (await adapter.job("job")).status is JobStatus.CANCELLED
    await adapter.until_due(10)
    assert await adapter.take_all() == []
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.processing) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("event", "status"), [(JobEvent.SUCCEEDED, JobStatus.COMPLETED), (JobEvent.DIED, JobStatus.FAILED)]
)
async def test_a_job_that_ended_anyway_stays_so(adapter: Adapter, event: JobEvent, status: JobStatus) -> None:
    """ "A job whose cancelling was requested while it ran ends as cancelled where it would have run again.": only
    there."""
    await adapter.queue.enqueue([message("job")])
    delivery = await adapter.take_one()
    await adapter.store.cancel("job", None)
    assert await adapter.settle(delivery, event)
    assert (await adapter.job("job")).status is status


@pytest.mark.parametrize("event", [JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.DISCARDED])
async def test_an_ended_job_is_left_as_it_is(adapter: Adapter, event: JobEvent) -> None:
    """ "leave an ended one as it is." """
    await adapter.queue.enqueue([message("job")])
    await adapter.settle(await adapter.take_one(), event)
    before = await adapter.job("job")
    assert await adapter.store.cancel("job", timedelta(0)) is CancelResult.FINISHED
    assert await adapter.job("job") == before


async def test_an_unknown_job(adapter: Adapter) -> None:
    """ "What `cancel` came to." """
    assert await adapter.store.cancel("nobody", None) is CancelResult.NOT_FOUND


async def test_a_cancelled_job_is_kept_as_long_as_asked(adapter: Adapter) -> None:
    """ "`keep` is how long the cancelled job is kept (None: for ever)." """
    await adapter.queue.enqueue([message("short"), message("for-ever"), message("running")])
    await adapter.store.cancel("short", timedelta(milliseconds=50))
    await adapter.store.cancel("for-ever", None)
    delivery = await adapter.take_one()
    await adapter.store.cancel("running", timedelta(milliseconds=50))
    await adapter.settle(delivery, JobEvent.GIVEN_BACK)
    await adapter.until_due(60)
    assert [await adapter.is_known(name) for name in ("short", "for-ever", "running")] == [False, True, False]


async def test_a_request_ends_with_its_run(adapter: Adapter) -> None:
    """ "ask for it when it runs": a job that was cancelled so and is retried runs like any other."""
    await adapter.queue.enqueue([message("job")])
    delivery = await adapter.take_one()
    await adapter.store.cancel("job", None)
    await adapter.settle(delivery, JobEvent.CANCELLED)
    assert await adapter.store.retry("job")
    again = await adapter.take_one()
    assert await adapter.queue.extend([again]) == [LeaseState.HELD]
    await adapter.queue.nack(again, timedelta(hours=1), "boom")
    assert (await adapter.job("job")).status is JobStatus.RETRYING
