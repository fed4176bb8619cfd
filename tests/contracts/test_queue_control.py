"""QueueControl: pausing, resuming and emptying a queue."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery
from hexjobs.ports.job_store import JobQuery
from support.messages import message, messages

LONG = timedelta(seconds=20)


async def test_a_paused_queue_hands_out_nothing(adapter: Adapter) -> None:
    """ "Hand out no more jobs of this queue, to any worker, until it is resumed; False when it was paused already." """
    await adapter.queue.enqueue([*messages(2), message("other", queue="mail")])
    assert await adapter.control.pause("default")
    assert not await adapter.control.pause("default")
    assert await adapter.take() == []
    assert await adapter.take(worker_id="worker-2") == []
    found = await adapter.take(limit=5, weights={"default": 9, "mail": 1})
    assert [delivery.job_id for delivery in found] == ["other"], "other queues go on"
    assert await adapter.control.resume("default")
    assert len(await adapter.take_all()) == 2


@pytest.mark.parametrize("strict", [False, True])
async def test_among_many_queues_only_the_paused_one_is_passed_by(adapter: Adapter, strict: bool) -> None:
    """ "Hand out no more jobs of this queue" """
    names = [f"q{number}" for number in range(20)]
    await adapter.queue.enqueue([message(name, queue=name) for name in names])
    for name in names[:17]:
        await adapter.control.pause(name)
    found = await adapter.take(limit=50, weights=dict.fromkeys(names, 1), strict=strict)
    assert sorted(delivery.job_id for delivery in found) == sorted(names[17:])


async def test_a_pause_holds_for_every_client(adapter: Adapter) -> None:
    """ "It holds for all workers at once, from the next hand-out on, and is kept in the store." """
    other = await adapter.two()
    await adapter.queue.enqueue([message()])
    await other.control.pause("default")
    assert await adapter.take() == []
    third = await adapter.two()
    assert await third.take(worker_id="worker-3") == []
    assert await third.control.resume("default")
    assert len(await adapter.take()) == 1


async def test_running_jobs_go_on(adapter: Adapter) -> None:
    """ "Jobs that run go on;" """
    await adapter.queue.enqueue(messages(2))
    first, second = await adapter.take(limit=2)
    await adapter.control.pause("default")
    assert await adapter.queue.extend([first]) == ["held"]
    assert await adapter.queue.ack(first, b"1")
    assert await adapter.settle(second, JobEvent.GIVEN_BACK)
    assert await adapter.take() == []
    assert (await adapter.queue.stats("default")).waiting == 1


async def test_jobs_come_in_and_wait(adapter: Adapter) -> None:
    """ "new ones, due ones and retries come in and wait." """
    await adapter.queue.enqueue([message("again"), message("dead")])
    again, dead = await adapter.take(limit=2)
    await adapter.settle(dead, JobEvent.DIED)
    await adapter.control.pause("default")
    await adapter.queue.nack(again, timedelta(milliseconds=20), "boom")
    await adapter.queue.enqueue([message("new"), message("due", due=adapter.now() + 20)])
    assert await adapter.store.retry("dead")
    await adapter.until_due(30)
    assert await adapter.take() == []
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.processing) == (4, 0, 0, 0)
    await adapter.control.resume("default")
    assert sorted(await adapter.take_all()) == ["again", "dead", "due", "new"]


async def test_the_stats_tell_of_a_pause(adapter: Adapter) -> None:
    """ "`stats` tells that the queue is paused." """
    assert not (await adapter.queue.stats("default")).paused
    await adapter.control.pause("default")
    assert (await adapter.queue.stats("default")).paused
    assert not (await adapter.queue.stats("mail")).paused
    await adapter.control.resume("default")
    assert not (await adapter.queue.stats("default")).paused


async def test_a_resumed_queue_wakes_workers(adapter: Adapter) -> None:
    """ "Hand out the queue's jobs again, and wake workers that wait for them; False when it was not paused." """
    other = await adapter.two()
    assert not await other.control.resume("default")
    await other.control.pause("default")
    looks: list[int] = []
    tasks = [asyncio.create_task(_wait_for_one(adapter, f"worker-{number}", looks)) for number in range(2)]
    await other.queue.enqueue(messages(3))
    for _ in range(20):
        await asyncio.sleep(0.002)
    assert not any(task.done() for task in tasks)
    await other.control.resume("default")
    # An idle worker looks again by itself after four seconds.
    ids = {(await asyncio.wait_for(task, 3)).job_id for task in tasks}
    assert len(ids) == 2


async def test_nobody_spins_before_a_paused_queue(adapter: Adapter) -> None:
    """ "new ones, due ones and retries come in and wait." """
    other = await adapter.two()
    await other.control.pause("default")
    await other.queue.enqueue([message("due", due=adapter.now() + 30)])
    looks: list[int] = []
    task = asyncio.create_task(_wait_for_one(adapter, "worker-1", looks))
    await _pass(adapter, 20)
    assert (await other.queue.stats("default")).waiting == 1, "its time has come"
    before = len(looks)
    await other.queue.enqueue(messages(10))
    await _pass(adapter, 10)
    assert before <= 3
    assert len(looks) == before, "a job that comes in wakes nobody"
    await other.control.resume("default")
    assert (await asyncio.wait_for(task, 5)).job_id == "due"


async def test_a_resumed_queue_claims_no_arrears(adapter: Adapter) -> None:
    """ "Among queues its turn comes as if it had just become ready." """
    both = {"a": 1, "b": 1}
    await adapter.queue.enqueue([message(queue=queue) for queue in ("a", "b") for _ in range(40)])
    await adapter.take(limit=2, weights=both)
    await adapter.control.pause("a")
    assert {delivery.queue for delivery in await adapter.take(limit=20, weights=both)} == {"b"}
    await adapter.control.resume("a")
    queues = [(await adapter.take_one(weights=both)).queue for _ in range(10)]
    assert 4 <= queues.count("b") <= 6


async def test_a_purge_removes_what_waits(adapter: Adapter) -> None:
    """ "Forget all jobs of the queue that wait, are scheduled or retrying; the number of jobs removed." """
    await adapter.queue.enqueue([message("again"), message("runs"), message("done"), message("dead")])
    again, _, done, dead = await adapter.take(limit=4)
    await adapter.queue.nack(again, timedelta(hours=1), "boom")
    await adapter.queue.ack(done)
    await adapter.settle(dead, JobEvent.DIED)
    await adapter.queue.enqueue([message(f"{level}", priority=level) for level in ("low", "critical")])
    await adapter.queue.enqueue(
        [message("later", due=adapter.now() + HOUR), message("due", due=adapter.now())]
    )
    kept = [message("mail", queue="mail"), message("mail-later", queue="mail", due=adapter.now() + HOUR)]
    await adapter.queue.enqueue(kept)
    assert await adapter.control.purge("default") == 5
    for gone in ("again", "low", "critical", "later", "due"):
        assert not await adapter.is_known(gone)
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.processing, stats.failed) == (0, 0, 0, 1, 1)
    mail = await adapter.queue.stats("mail")
    assert (mail.waiting, mail.scheduled) == (1, 1)
    assert await adapter.control.purge("default") == 0
    assert await adapter.take_all() == []


async def test_a_purge_leaves_running_and_ended_jobs(adapter: Adapter) -> None:
    """ "Jobs that run stay, and so do ended ones." """
    await adapter.queue.enqueue([message("runs"), message("done"), message("dead"), message("stopped")])
    runs, done, dead = await adapter.take(limit=3)
    await adapter.queue.ack(done)
    await adapter.settle(dead, JobEvent.DIED)
    await adapter.store.cancel("stopped", None)
    assert await adapter.control.purge("default") == 0
    found = await adapter.store.find(JobQuery(), ["default"])
    assert sorted(job.job_id for job in found) == ["dead", "done", "runs", "stopped"]
    assert await adapter.queue.ack(runs)
    assert await adapter.store.retry("dead")


async def test_a_purged_job_leaves_nothing(adapter: Adapter) -> None:
    """ "Each goes with all that belongs to it, and its unique key is free." """
    await adapter.queue.enqueue(
        [message("first", unique="key"), message("later", due=adapter.now() + HOUR, unique="two")]
    )
    delivery = await adapter.take_one()
    await adapter.store.record_effect("first", delivery.fence, "charge", b"1")
    await adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(hours=1), error="boom")
    assert await adapter.control.purge("default") == 2
    results = await adapter.queue.enqueue([message("first", unique="key"), message("new", unique="two")])
    assert [result.is_new for result in results] == [True, True]
    again = await adapter.take_one()
    assert (again.job_id, again.attempt) == ("first", 1)
    assert await adapter.store.effect("first", again.fence, "charge") is None


async def test_a_purge_is_of_any_number(adapter: Adapter) -> None:
    """ "A job that comes in meanwhile may go with them or stay." """
    other = await adapter.two()
    later = [message(due=adapter.now() + HOUR + number) for number in range(1300)]
    kept = [message(due=adapter.now() + HOUR + number, queue="mail") for number in range(700)]
    await adapter.queue.enqueue([*later, *kept, *messages(700), *messages(700, priority="low")])
    removed, results = await asyncio.gather(
        adapter.control.purge("default"), other.queue.enqueue(messages(100))
    )
    stats = await adapter.queue.stats("default")
    assert stats.scheduled == 0
    assert removed + stats.waiting == 2700 + len(results)
    assert (await adapter.queue.stats("mail")).scheduled == 700
    await adapter.control.purge("default")
    assert await adapter.store.find(JobQuery(status=JobStatus.PENDING), ["default"]) == []


async def _pass(adapter: Adapter, steps: int) -> None:
    """Let the store's time go on, ten milliseconds a step."""
    for _ in range(steps):
        await adapter.until_due(10)


async def _wait_for_one(adapter: Adapter, worker_id: str, looks: list[int]) -> Delivery:
    """The first delivery; each look before it is noted."""
    while True:
        looks.append(adapter.now())
        deliveries = await adapter.take(wait=LONG, worker_id=worker_id)
        if deliveries:
            return deliveries[0]
