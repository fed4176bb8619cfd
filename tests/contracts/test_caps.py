"""max_jobs: how many waiting and scheduled jobs a queue takes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import QueueFull
from hexjobs.domain.transitions import JobEvent
from support.messages import message, messages

CAP = {"default": 3}


async def test_the_cap_counts_waiting_and_scheduled_jobs(adapter: Adapter) -> None:
    """ "`caps` maps a queue to its `max_jobs`: a message that would make the queue's waiting and scheduled jobs more
    answers QueueFull" """
    batch = [
        message(priority="low"),
        message(priority="high"),
        message(due=adapter.now() + HOUR),
        message("over"),
    ]
    results = await adapter.queue.enqueue(batch, CAP)
    assert [result.is_new for result in results] == [True, True, True, False]
    error = results[3].error
    assert isinstance(error, QueueFull)
    assert (error.queue, error.max_jobs) == ("default", 3)
    assert not await adapter.is_known("over")
    [late] = await adapter.queue.enqueue([message(due=adapter.now() + HOUR)], CAP)
    assert isinstance(late.error, QueueFull)


async def test_each_queue_has_its_own_cap(adapter: Adapter) -> None:
    """ "`caps` maps a queue to its `max_jobs`" """
    caps = {"a": 1, "b": 2}
    batch = [message(f"{queue}{number}", queue=queue) for queue in ("a", "b", "free") for number in range(3)]
    results = await adapter.queue.enqueue(batch, caps)
    assert [r.job_id for r in results if r.error is None] == ["a0", "b0", "b1", "free0", "free1", "free2"]


async def test_a_job_that_was_taken_makes_room(adapter: Adapter) -> None:
    """ "the queue's waiting and scheduled jobs" """
    await adapter.queue.enqueue(messages(3), CAP)
    await adapter.take(limit=2)
    results = await adapter.queue.enqueue(messages(3), CAP)
    assert [result.is_new for result in results] == [True, True, False]


async def test_an_existing_job_is_answered_by_a_full_queue(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job and writes nothing" """
    await adapter.queue.enqueue([message("same"), message("holder", unique="key"), message()], CAP)
    results = await adapter.queue.enqueue([message("same"), message(unique="key")], CAP)
    assert [(r.job_id, r.error) for r in results] == [("same", None), ("holder", None)]


async def test_only_submits_are_refused(adapter: Adapter) -> None:
    """ "a message that would make the queue's waiting and scheduled jobs more answers QueueFull": a job that is there
    already never meets the cap."""
    await adapter.queue.enqueue(messages(3), CAP)
    erred, snoozed, returned = await adapter.take(limit=3)
    await adapter.queue.enqueue(messages(3), CAP)
    short = timedelta(milliseconds=20)
    assert await adapter.settle(erred, JobEvent.ERRED, delay=short)
    assert await adapter.settle(snoozed, JobEvent.SNOOZED, delay=short)
    assert await adapter.settle(returned, JobEvent.GIVEN_BACK)
    await adapter.until_due(20)
    assert len(await adapter.take_all()) == 6
    await adapter.queue.enqueue([message("dead", queue="q")])
    await adapter.settle(await adapter.take_one(queue="q"), JobEvent.DIED)
    await adapter.queue.enqueue(messages(1, queue="q"), {"q": 1})
    assert await adapter.store.retry("dead")
    assert (await adapter.queue.stats("q")).waiting == 2


async def test_the_count_is_exact_under_concurrency(adapter: Adapter) -> None:
    """ "the count is exact under concurrency." """
    clients = [adapter, await adapter.two()]
    caps = {"default": 25}

    async def submit_some(client: Adapter) -> int:
        accepted = 0
        for m in messages(10):
            [result] = await client.queue.enqueue([m], caps)
            accepted += result.is_new
        return accepted

    accepted = await asyncio.gather(*(submit_some(client) for client in clients for _ in range(6)))
    assert sum(accepted) == 25
    assert (await adapter.queue.stats("default")).waiting == 25


async def test_workers_and_submits_together_never_exceed_the_cap(adapter: Adapter) -> None:
    """ "the count is exact under concurrency." """
    other = await adapter.two()
    caps, highest, accepted, taken = {"default": 5}, 0, 0, 0

    async def submit() -> None:
        nonlocal highest, accepted
        for m in messages(40):
            [result] = await adapter.queue.enqueue([m], caps)
            accepted += result.is_new
            highest = max(highest, (await adapter.queue.stats("default")).waiting)

    async def work() -> None:
        nonlocal taken
        for _ in range(40):
            taken += len(await other.take(limit=2))
            await asyncio.sleep(0)

    await asyncio.gather(submit(), work())
    assert highest <= 5
    assert accepted == taken + (await adapter.queue.stats("default")).waiting
