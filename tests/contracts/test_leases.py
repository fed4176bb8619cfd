"""Leases: which workers are alive, and whose jobs are taken over."""

from __future__ import annotations

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import LeaseLost
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Subscription
from hexjobs.ports.leases import WorkerFacts
from support.messages import message, messages

FACTS = WorkerFacts(host="here", pid=7, started=HOUR, queues=("default",), slots=3, job_types=("echo",))


async def test_a_beat_is_counted_and_all_are_read(adapter: Adapter) -> None:
    """ "Count one beat of this worker; the beat of every worker, by id." "A beat never looks like one before." """
    await adapter.leases.beat("worker-1", FACTS)
    await adapter.leases.beat("worker-2", FACTS)
    seen = [await adapter.leases.beat("worker-1") for _ in range(3)]
    assert {frozenset(beats) for beats in seen} == {frozenset({"worker-1", "worker-2"})}
    assert len({beats["worker-1"] for beats in seen}) == 3
    assert len({beats["worker-2"] for beats in seen}) == 1, "nobody else's beat is counted"


async def test_a_worker_joins_by_its_first_dequeue(adapter: Adapter) -> None:
    """ "A worker joins at its first `dequeue` or with its first facts, and its lease is a count of beats." "A worker's
    first call begins its lease;" """
    with pytest.raises(LeaseLost):
        await adapter.leases.beat("worker-1")
    await adapter.take()
    assert set(await adapter.leases.beat("worker-1")) == {"worker-1"}


async def test_the_lease_of_one_that_left_is_gone(adapter: Adapter) -> None:
    """ "LeaseLost, and nothing is counted, when the worker has not joined, has left or was taken over." """
    await adapter.take()
    await adapter.queue.leave(Subscription("worker-1", {"default": 1}))
    await adapter.leases.beat("worker-2", FACTS)
    assert await adapter.leases.take_over("worker-2", None) == []
    for gone in ("worker-1", "worker-2", "worker-3"):
        with pytest.raises(LeaseLost):
            await adapter.leases.beat(gone)
    assert await adapter.leases.workers() == []


async def test_a_dead_workers_jobs_are_given_back(adapter: Adapter) -> None:
    """ "Give back all jobs of a dead worker and end its lease;" "The jobs go to the head of their levels in the order
    they had, the attempt taken back and one crash counted;" "who watches a beat stand still for long enough, on a clock
    of its own, may take the jobs over." """
    submitted = messages(4)
    await adapter.queue.enqueue(submitted)
    taken = await adapter.take(limit=3)
    beat = (await adapter.leases.beat("worker-2", FACTS))["worker-1"]
    recovered = await adapter.leases.take_over("worker-1", beat)
    assert recovered is not None
    assert {job.job_id for job in recovered} == {delivery.job_id for delivery in taken}
    assert all(job.crashes == 1 and not job.cancelled and job.data for job in recovered)
    for delivery in taken:
        job = await adapter.job(delivery.job_id)
        assert (job.status, job.attempt, job.crashes) == (JobStatus.PENDING, 0, 1)
    assert (await adapter.queue.stats("default")).processing == 0
    again = await adapter.take(limit=4, worker_id="worker-2")
    assert [each.job_id for each in again] == [each.job_id for each in submitted]
    assert [each.crashes for each in again] == [1, 1, 1, 0]
    assert [each.attempt for each in again] == [1, 1, 1, 1]
    assert min(each.fence for each in again) > max(each.fence for each in taken)


async def test_one_that_beat_meanwhile_is_alive(adapter: Adapter) -> None:
    """ "the jobs, or None, and nothing changes, when it is alive." "It is alive when its beat is not `beat` any more;" """
    await adapter.queue.enqueue([message("job")])
    await adapter.take_one()
    seen = (await adapter.leases.beat("worker-2", FACTS))["worker-1"]
    await adapter.leases.beat("worker-1")
    assert await adapter.leases.take_over("worker-1", seen) is None
    assert (await adapter.job("job")).status is JobStatus.PROCESSING
    assert set(await adapter.leases.beat("worker-1")) == {"worker-1", "worker-2"}


async def test_certain_death_needs_no_beat(adapter: Adapter) -> None:
    """ "with None its death is certain." """
    await adapter.queue.enqueue([message("job")])
    await adapter.take_one()
    recovered = await adapter.leases.take_over("worker-1", None)
    assert recovered is not None
    assert [job.job_id for job in recovered] == ["job"]
    assert await adapter.leases.take_over("worker-1", None) == [], "taken over once"


async def test_a_late_settlement_is_refused(adapter: Adapter) -> None:
    """ "Settlements of the dead worker are refused from then on." """
    await adapter.queue.enqueue([message("job")])
    late = await adapter.take_one()
    await adapter.leases.take_over("worker-1", None)
    assert not await adapter.settle(late, JobEvent.SUCCEEDED)
    assert not await adapter.store.save_progress("job", late.fence, b"1")
    current = await adapter.take_one(worker_id="worker-2")
    for event in (JobEvent.SUCCEEDED, JobEvent.ERRED, JobEvent.GIVEN_BACK, JobEvent.DIED):
        assert not await adapter.settle(late, event)
    assert (await adapter.job("job")).status is JobStatus.PROCESSING
    assert await adapter.settle(current, JobEvent.SUCCEEDED)


async def test_the_dead_worker_gets_nothing_more(adapter: Adapter) -> None:
    """ "LeaseLost when it is gone later on: its jobs were given back, and only a new worker_id may go on." """
    await adapter.queue.enqueue(messages(2))
    await adapter.take_one()
    await adapter.leases.take_over("worker-1", None)
    with pytest.raises(LeaseLost):
        await adapter.take()
    assert (await adapter.queue.stats("default")).waiting == 2
    assert len(await adapter.take(limit=2, worker_id="worker-1b")) == 2


async def test_a_cancelled_one_ends(adapter: Adapter) -> None:
    """ "one whose cancelling was requested ends as cancelled. Settlements of the dead worker are refused from then on." """
    await adapter.queue.enqueue([message("job", unique="key")])
    await adapter.take_one()
    await adapter.store.cancel("job", None)
    recovered = await adapter.leases.take_over("worker-1", None)
    assert recovered is not None
    assert [(job.job_id, job.cancelled, job.crashes) for job in recovered] == [("job", True, 1)]
    job = await adapter.job("job")
    assert (job.status, job.crashes) == (JobStatus.CANCELLED, 1)
    [result] = await adapter.queue.enqueue([message("next", unique="key")])
    assert result.is_new, "the key is free"


async def test_workers_tell_about_themselves(adapter: Adapter) -> None:
    """ "With `facts` the worker joins, and `workers` tells them." "Every worker that has joined and not left, by id." """
    await adapter.queue.enqueue(messages(2))
    await adapter.leases.beat("worker-2", FACTS)
    await adapter.take(limit=2)
    first, second = await adapter.leases.workers()
    assert (first.worker_id, first.facts, first.processing) == ("worker-1", None, 2)
    assert (second.worker_id, second.facts, second.processing) == ("worker-2", FACTS, 0)
    assert second.beat is not None
    assert second.seen is not None
    assert abs(second.seen - adapter.now()) < HOUR


async def test_a_retry_by_hand_begins_anew(adapter: Adapter) -> None:
    """ "Put a failed or cancelled job at the tail of its level with its attempts and crashes at zero." A crashed one too."""
    await adapter.queue.enqueue([message("job")])
    await adapter.take_one()
    await adapter.leases.take_over("worker-1", None)
    delivery = await adapter.take_one(worker_id="worker-2")
    await adapter.settle(delivery, JobEvent.DIED, reason="crashed", error="it crashed")
    assert (await adapter.job("job")).crashes == 1
    assert await adapter.store.retry("job")
    assert (await adapter.take_one(worker_id="worker-2")).crashes == 0
