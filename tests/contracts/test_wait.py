"""JobQueue.dequeue with a wait, and JobQueue.wake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from contracts.harness import Adapter
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery
from support.messages import message, messages

LONG = timedelta(seconds=20)


async def _wait_for_one(adapter: Adapter, worker_id: str = "worker-1", queue: str = "default") -> Delivery:
    """A wait may end early, so a worker waits again."""
    while True:
        deliveries = await adapter.take(wait=LONG, worker_id=worker_id, queue=queue)
        if deliveries:
            return deliveries[0]


async def _within(seconds: float, awaitable: Awaitable[Delivery]) -> Delivery:
    return await asyncio.wait_for(awaitable, seconds)


async def _begin(
    adapter: Adapter, *, worker_id: str = "worker-1", queue: str = "default"
) -> asyncio.Task[Delivery]:
    """A worker that waits; it has had time to fall asleep."""
    task = asyncio.create_task(_wait_for_one(adapter, worker_id, queue))
    for _ in range(20):
        await asyncio.sleep(0.002)
    assert not task.done()
    return task


async def test_a_wait_is_not_needed_when_jobs_are_there(adapter: Adapter) -> None:
    """ "Hand out up to `limit` waiting jobs, waiting up to `wait` for the first." """
    await adapter.queue.enqueue(messages(2))
    assert len(await asyncio.wait_for(adapter.take(limit=5, wait=LONG), 5)) == 2


async def test_a_new_job_ends_the_wait(adapter: Adapter) -> None:
    """ "waiting up to `wait` for the first." """
    other = await adapter.two()
    task = await _begin(adapter)
    await other.queue.enqueue([message("job")])
    assert (await _within(5, task)).job_id == "job"


@pytest.mark.parametrize("event", [JobEvent.GIVEN_BACK, JobEvent.ERRED, JobEvent.SNOOZED])
async def test_a_job_that_runs_again_ends_the_wait(adapter: Adapter, event: JobEvent) -> None:
    """ "waiting up to `wait` for the first." """
    other = await adapter.two()
    await other.queue.enqueue([message("job")])
    delivery = await other.take_one(worker_id="worker-2")
    task = await _begin(adapter)
    await other.settle(delivery, event, delay=timedelta(0))
    assert (await _within(5, adapter.while_time_passes(_finish(task)))).job_id == "job"


async def test_a_retried_job_ends_the_wait(adapter: Adapter) -> None:
    """ "waiting up to `wait` for the first." """
    await adapter.queue.enqueue([message("job")])
    await adapter.store.cancel("job", None)
    task = await _begin(adapter)
    await adapter.store.retry("job")
    assert (await _within(5, task)).job_id == "job"


async def test_a_job_that_becomes_due_ends_the_wait(adapter: Adapter) -> None:
    """ "Jobs whose time has come are waiting jobs." """
    await adapter.queue.enqueue([message("job", due=adapter.now() + 150)])
    before = adapter.now()
    delivery = await _within(5, adapter.while_time_passes(_wait_for_one(adapter)))
    assert delivery.job_id == "job"
    assert adapter.now() - before < 5000


async def test_an_earlier_time_counts_for_one_who_waits_already(adapter: Adapter) -> None:
    """ "Jobs whose time has come are waiting jobs." """
    await adapter.queue.enqueue([message(due=adapter.now() + 3_600_000)])
    task = await _begin(adapter)
    before = adapter.now()
    await adapter.queue.enqueue([message("job", due=adapter.now() + 100)])
    delivery = await _within(5, adapter.while_time_passes(_finish(task)))
    assert delivery.job_id == "job"
    assert adapter.now() - before < 3000


async def test_a_job_of_another_queue_is_not_for_us(adapter: Adapter) -> None:
    """ "Which queues a worker takes jobs from." """
    task = await _begin(adapter)
    await adapter.queue.enqueue([message("theirs", queue="other"), message("mine")])
    assert (await _within(5, task)).job_id == "mine"
    assert (await adapter.queue.stats("other")).waiting == 1


async def test_the_wait_ends_on_time(adapter: Adapter) -> None:
    """ "An empty list means that the wait ended, possibly early." """
    before = adapter.now()
    waiting = adapter.take(wait=timedelta(milliseconds=100))
    assert await asyncio.wait_for(adapter.while_time_passes(waiting), 5) == []
    assert adapter.now() - before < 2000


async def test_wake_ends_the_wait(adapter: Adapter) -> None:
    """ "End a `dequeue` of this worker that waits, from another task of the same process." """
    mine = asyncio.create_task(adapter.take(wait=LONG, worker_id="worker-1"))
    theirs = asyncio.create_task(adapter.take(wait=timedelta(seconds=3), worker_id="worker-2"))
    async with asyncio.timeout(5):
        while not mine.done():
            await adapter.queue.wake("worker-1")
            await asyncio.sleep(0.01)
    assert mine.result() == []
    assert not theirs.done(), "only the one that was named"
    theirs.cancel()
    await asyncio.wait({theirs})


async def test_waking_nobody_is_no_harm(adapter: Adapter) -> None:
    """ "End a `dequeue` of this worker that waits" """
    await adapter.queue.wake("nobody")
    await adapter.queue.enqueue([message("job")])
    assert (await adapter.take_one(worker_id="nobody")).job_id == "job"


async def test_each_waiting_worker_gets_a_job(adapter: Adapter) -> None:
    """ "Each job is processing from the moment it is handed out, in no moment in no place" """
    clients = [adapter, await adapter.two()]
    tasks = [await _begin(client, worker_id=f"worker-{n}") for n, client in enumerate(clients * 3)]
    await adapter.queue.enqueue(messages(6))
    deliveries = await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert len({delivery.job_id for delivery in deliveries}) == 6


@pytest.mark.parametrize("pauses", range(6))
async def test_a_wait_that_is_cancelled_loses_no_job(adapter: Adapter, pauses: int) -> None:
    """ "in no moment in no place" """
    task = await _begin(adapter)
    await adapter.queue.enqueue([message("job")])
    for _ in range(pauses):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        assert (await _within(5, _wait_for_one(adapter))).job_id == "job"
    else:
        assert task.result().job_id == "job"


async def test_two_clients_never_take_the_same_job(adapter: Adapter) -> None:
    """ "Each job is processing from the moment it is handed out" """
    clients = [adapter, await adapter.two()]
    batch = messages(200)
    await adapter.queue.enqueue(batch)

    async def drain(client: Adapter, worker_id: str) -> list[str]:
        taken = []
        while deliveries := await client.take(limit=3, worker_id=worker_id):
            taken += [delivery.job_id for delivery in deliveries]
            await asyncio.sleep(0)
        return taken

    taken = await asyncio.gather(*(drain(client, f"worker-{n}") for n, client in enumerate(clients * 2)))
    assert sorted(job_id for part in taken for job_id in part) == sorted(m.job_id for m in batch)


async def _finish(task: asyncio.Task[Delivery]) -> Delivery:
    return await task
