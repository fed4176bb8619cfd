"""JobQueue.settle, ack, nack and extend: how a delivery ends, and whose word counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.harness import Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, LeaseState, Settlement
from support.messages import message, messages

SETTLING = {
    JobEvent.SUCCEEDED: (JobStatus.COMPLETED, 1),
    JobEvent.ERRED: (JobStatus.RETRYING, 1),
    JobEvent.DIED: (JobStatus.FAILED, 1),
    JobEvent.SNOOZED: (JobStatus.SCHEDULED, 0),
    JobEvent.GIVEN_BACK: (JobStatus.PENDING, 0),
    JobEvent.CRASHED: (JobStatus.PENDING, 0),
    JobEvent.CANCELLED: (JobStatus.CANCELLED, 1),
    JobEvent.DISCARDED: (JobStatus.CANCELLED, 1),
    JobEvent.EXPIRED: (JobStatus.CANCELLED, 1),
}
LONG = {"delay": timedelta(hours=1)}


async def _running(adapter: Adapter, job_id: str = "job") -> Delivery:
    await adapter.queue.enqueue([message(job_id)])
    return await adapter.take_one()


async def test_a_delivery_is_processing(adapter: Adapter) -> None:
    """ "Each job is processing from the moment it is handed out, in no moment in no place, and counts one attempt
    more." """
    before = adapter.now()
    delivery = await _running(adapter)
    job = await adapter.job("job")
    assert (job.status, job.attempt, job.worker_id) == (JobStatus.PROCESSING, 1, "worker-1")
    assert job.started is not None
    assert before <= job.started <= adapter.now()
    assert delivery.attempt == 1
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.processing) == (0, 1)


async def test_fences_grow(adapter: Adapter) -> None:
    """ "Its fence is higher than that of every delivery before." """
    other = await adapter.two()
    await adapter.queue.enqueue(messages(6))
    fences = []
    for client in (adapter, other, adapter):
        taken = await client.take(limit=2)
        await client.settle(taken[1], JobEvent.GIVEN_BACK)
        fences += [delivery.fence for delivery in taken]
    assert fences == sorted(set(fences))


@pytest.mark.parametrize("event", SETTLING)
async def test_each_event_ends_the_delivery(adapter: Adapter, event: JobEvent) -> None:
    """ "Record how deliveries ended; one answer per settlement" """
    delivery = await _running(adapter)
    assert await adapter.settle(delivery, event, error="why", **LONG)
    status, attempt = SETTLING[event]
    job = await adapter.job("job")
    assert (job.status, job.attempt) == (status, attempt)
    if status.is_terminal:
        assert job.reason == event.value, "every terminal job has a reason"
        assert job.finished is not None
        assert job.finished <= adapter.now()
    stats = await adapter.queue.stats("default")
    assert stats.processing == 0
    assert stats.waiting == (event in (JobEvent.GIVEN_BACK, JobEvent.CRASHED))
    assert stats.failed == (event is JobEvent.DIED)


@pytest.mark.parametrize("event", [JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED])
async def test_these_end_it_as_cancelled(adapter: Adapter, event: JobEvent) -> None:
    """ "CANCELLED, DISCARDED and EXPIRED end it as cancelled." """
    await adapter.settle(await _running(adapter), event, reason="by_design")
    job = await adapter.job("job")
    assert (job.status, job.reason) == (JobStatus.CANCELLED, "by_design")


async def test_success_keeps_the_result(adapter: Adapter) -> None:
    """ "SUCCEEDED keeps the result" """
    assert await adapter.queue.ack(await _running(adapter), b'{"sum":[1,2.5,"\xc3\xa9"]}')
    job = await adapter.job("job")
    assert (job.status, job.result) == (JobStatus.COMPLETED, b'{"sum":[1,2.5,"\xc3\xa9"]}')


async def test_an_error_is_kept(adapter: Adapter) -> None:
    """ "ERRED makes the job wait for `delay` as retrying" """
    assert await adapter.queue.nack(await _running(adapter), timedelta(hours=1), "ValueError: é\nline 2")
    assert (await adapter.job("job")).error == "ValueError: é\nline 2"


async def test_a_crash_is_counted(adapter: Adapter) -> None:
    """ "CRASHED does so too and counts a crash" """
    await adapter.queue.enqueue([message("first"), message("second")])
    first = await adapter.take_one()
    assert await adapter.settle(first, JobEvent.CRASHED, error="killed by SIGSEGV", reason="crashed")
    job = await adapter.job("first")
    assert (job.status, job.attempt, job.crashes, job.error) == ("pending", 0, 1, "killed by SIGSEGV")
    again = await adapter.take_one()
    assert (again.job_id, again.attempt, again.crashes) == ("first", 1, 1), "at the head of its level"
    await adapter.store.cancel("first", None)
    assert await adapter.settle(again, JobEvent.CRASHED, error="killed by SIGSEGV", reason="crashed")
    assert (await adapter.job("first")).status is JobStatus.CANCELLED


@pytest.mark.parametrize("first", SETTLING)
@pytest.mark.parametrize("second", [JobEvent.SUCCEEDED, JobEvent.ERRED, JobEvent.GIVEN_BACK, JobEvent.DIED])
async def test_settled_before_is_refused(adapter: Adapter, first: JobEvent, second: JobEvent) -> None:
    """ "A settlement is refused, and changes nothing, when its delivery is not the current one of its job: settled
    before" """
    delivery = await _running(adapter)
    assert await adapter.settle(delivery, first, error="first", **LONG)
    await _refused(adapter, delivery, second)


@pytest.mark.parametrize("event", SETTLING)
async def test_a_stale_fence_is_refused(adapter: Adapter, event: JobEvent) -> None:
    """ "given back, or its fence is stale" """
    stale = await _running(adapter)
    assert await adapter.settle(stale, JobEvent.GIVEN_BACK)
    current = await adapter.take_one(worker_id="worker-2")
    assert current.fence > stale.fence
    await _refused(adapter, stale, event)
    assert await adapter.queue.ack(current, b"1"), "the current delivery is not disturbed"
    assert (await adapter.job("job")).result == b"1"


@pytest.mark.parametrize("by", [-1, 1])
async def test_a_forged_fence_is_refused(adapter: Adapter, by: int) -> None:
    """ "its fence is stale" """
    delivery = await _running(adapter)
    await _refused(adapter, msgspec.structs.replace(delivery, fence=delivery.fence + by), JobEvent.SUCCEEDED)


async def test_a_job_that_waits_has_no_fence_at_all(adapter: Adapter) -> None:
    """ "A settlement is refused, and changes nothing, when its delivery is not the current one of its job" """
    delivery = await _running(adapter)
    await adapter.settle(delivery, JobEvent.GIVEN_BACK)
    for fence in (0, delivery.fence, delivery.fence + 1):
        await _refused(adapter, msgspec.structs.replace(delivery, fence=fence), JobEvent.SUCCEEDED)


async def test_a_job_that_is_gone_is_refused(adapter: Adapter) -> None:
    """ "one answer per settlement: False where it was refused." """
    delivery = await _running(adapter)
    await adapter.settle(delivery, JobEvent.DIED)
    assert await adapter.store.delete("job")
    assert not await adapter.queue.ack(delivery)
    assert not await adapter.is_known("job")


async def _refused(adapter: Adapter, delivery: Delivery, event: JobEvent) -> None:
    before, stats = await adapter.job(delivery.job_id), await adapter.queue.stats("default")
    assert not await adapter.settle(delivery, event, error="second", result=b"2", **LONG)
    after, stats_after = await adapter.job(delivery.job_id), await adapter.queue.stats("default")
    stats.oldest_waiting_seconds = stats_after.oldest_waiting_seconds = None
    assert (after, stats_after) == (before, stats)


async def test_a_batch_has_an_answer_for_each(adapter: Adapter) -> None:
    """ "one answer per settlement: False where it was refused." """
    await adapter.queue.enqueue([message("a"), message("b"), message("c")])
    a, b, c = await adapter.take(limit=3)
    await adapter.queue.ack(b)
    events: list[tuple[Delivery, JobEvent, dict[str, Any]]] = [
        (a, JobEvent.SUCCEEDED, {"result": b"1"}),
        (b, JobEvent.SUCCEEDED, {"result": b"2"}),
        (c, JobEvent.DIED, {"error": "x"}),
        (a, JobEvent.DIED, {"error": "twice in one batch"}),
    ]
    answers = await adapter.queue.settle([Settlement(d, event, **more) for d, event, more in events])
    assert answers == [True, False, True, False]
    assert [(await adapter.job(name)).status for name in "abc"] == ["completed", "completed", "failed"]
    assert await adapter.queue.settle([]) == []


async def test_ack_and_nack_are_refused_alike(adapter: Adapter) -> None:
    """ "Settle one delivery as succeeded; False when it was refused." "Settle one delivery as erred, to run again after
    `delay`; False when it was refused." """
    delivery = await _running(adapter)
    assert await adapter.queue.ack(delivery)
    assert not await adapter.queue.ack(delivery)
    assert not await adapter.queue.nack(delivery, timedelta(0), "late")
    assert (await adapter.job("job")).status is JobStatus.COMPLETED


async def test_extend_tells_what_is_lost(adapter: Adapter) -> None:
    """ "Say that these deliveries are alive, and learn which are lost and which should be cancelled." """
    await adapter.queue.enqueue([message("held"), message("settled"), message("asked"), message("again")])
    held, settled, asked, again = await adapter.take(limit=4)
    await adapter.queue.ack(settled)
    await adapter.store.cancel("asked", None)
    await adapter.settle(again, JobEvent.GIVEN_BACK)
    current = await adapter.take_one()
    assert await adapter.queue.extend([held, settled, asked, again, current]) == [
        LeaseState.HELD,
        LeaseState.LOST,
        LeaseState.CANCEL_REQUESTED,
        LeaseState.LOST,
        LeaseState.HELD,
    ]
    assert await adapter.queue.extend([]) == []


async def test_progress_is_that_of_the_current_delivery(adapter: Adapter) -> None:
    """ "Keep the latest progress (JSON) of a running job; False, and nothing changes, when the fence is stale." """
    delivery = await _running(adapter)
    assert await adapter.store.save_progress("job", delivery.fence, b'{"done":1,"of":3}')
    assert await adapter.store.save_progress("job", delivery.fence, b'{"done":2,"of":3}')
    assert not await adapter.store.save_progress("job", delivery.fence - 1, b'{"done":9}')
    assert (await adapter.job("job")).progress == {"done": 2, "of": 3}
    await adapter.queue.ack(delivery)
    assert not await adapter.store.save_progress("job", delivery.fence, b'{"done":9}')
    assert not await adapter.store.save_progress("nobody", delivery.fence, b"1")
    assert (await adapter.job("job")).progress == {"done": 2, "of": 3}
