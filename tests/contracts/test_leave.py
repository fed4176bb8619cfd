"""JobQueue.leave: what a worker that ends still has."""

from __future__ import annotations

from contracts.harness import Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Subscription
from support.messages import message, messages

HERE = Subscription("worker-1", {"default": 1})


async def test_what_a_worker_still_has_is_given_back(adapter: Adapter) -> None:
    """ "Give back whatever this worker still has, and forget the worker; how many jobs were given back." "For a worker
    that ends: jobs it was handed without its knowing, or could not settle." """
    await adapter.queue.enqueue(messages(3))
    done, kept, other = [
        *await adapter.take(limit=2),
        await adapter.take_one(worker_id="worker-2"),
    ]
    await adapter.settle(done, JobEvent.SUCCEEDED)
    assert await adapter.queue.leave(HERE) == 1
    assert (await adapter.job(kept.job_id)).status is JobStatus.PENDING
    assert (await adapter.job(other.job_id)).status is JobStatus.PROCESSING
    assert (await adapter.queue.stats("default")).processing == 1
    assert await adapter.queue.leave(HERE) == 0
    assert not await adapter.settle(kept, JobEvent.SUCCEEDED), "its delivery is no longer the current one"


async def test_it_goes_to_the_head_and_costs_no_attempt(adapter: Adapter) -> None:
    """ "They go to the head of their levels, the attempt taken back" """
    await adapter.queue.enqueue([message("first"), message("second")])
    assert (await adapter.take_one()).job_id == "first"
    await adapter.queue.leave(HERE)
    assert (await adapter.job("first")).attempt == 0
    again = await adapter.take_one(worker_id="worker-2")
    assert (again.job_id, again.attempt) == ("first", 1)


async def test_one_whose_cancelling_was_requested_ends_as_cancelled(adapter: Adapter) -> None:
    """ "one whose cancelling was requested ends as cancelled." """
    await adapter.queue.enqueue([message("job", unique="key")])
    await adapter.take_one()
    await adapter.store.cancel("job", None)
    assert await adapter.queue.leave(HERE) == 1
    assert (await adapter.job("job")).status is JobStatus.CANCELLED
    [result] = await adapter.queue.enqueue([message("next", unique="key")])
    assert result.is_new, "the key is free"
