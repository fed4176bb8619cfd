"""Jobs that wait for a time."""

from __future__ import annotations

from datetime import timedelta

from contracts.harness import HOUR, Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from support.messages import message, messages


async def test_a_delayed_job_comes_when_it_is_due(adapter: Adapter) -> None:
    """ "Jobs whose time has come are waiting jobs." """
    await adapter.queue.enqueue(
        [message("soon", due=adapter.now() + 60), message("late", due=adapter.now() + HOUR)]
    )
    await adapter.until_due(60)
    assert await adapter.take_all() == ["soon"]
    assert (await adapter.job("late")).status is JobStatus.SCHEDULED


async def test_delayed_jobs_come_in_the_order_of_their_times(adapter: Adapter) -> None:
    """ "within a level the oldest" """
    now = adapter.now()
    offsets = {"third": 40, "first": 10, "second": 20}
    await adapter.queue.enqueue([message(name, due=now + after) for name, after in offsets.items()])
    await adapter.until_due(45)
    assert await adapter.take_all() == ["first", "second", "third"]


async def test_a_due_job_waits_in_its_own_queue_and_level(adapter: Adapter) -> None:
    """ "Per queue the highest level goes first" """
    due = adapter.now() + 40
    await adapter.queue.enqueue([message("plain"), message("urgent", priority="critical", due=due)])
    await adapter.queue.enqueue([message("elsewhere", queue="other", due=due)])
    await adapter.until_due(45)
    assert await adapter.take_all() == ["urgent", "plain"]
    assert await adapter.take_all(queue="other") == ["elsewhere"]


async def test_many_become_due_at_once(adapter: Adapter) -> None:
    """ "Jobs whose time has come are waiting jobs." """
    due = adapter.now() + 150
    batch = messages(500, due=due)
    await adapter.queue.enqueue(batch)
    await adapter.until_due(155)
    assert sorted(await adapter.take_all(limit=50)) == sorted(m.job_id for m in batch)


async def test_a_retry_waits_for_its_delay(adapter: Adapter) -> None:
    """ "ERRED makes the job wait for `delay` as retrying" """
    await adapter.queue.enqueue([message("soon"), message("late")])
    before = adapter.now()
    soon, late = await adapter.take(limit=2)
    assert await adapter.queue.nack(soon, timedelta(milliseconds=60), "boom")
    assert await adapter.queue.nack(late, timedelta(hours=1), "boom")
    job = await adapter.job("late")
    assert (job.status, job.attempt) == (JobStatus.RETRYING, 1)
    assert job.due is not None
    assert before + HOUR <= job.due <= adapter.now() + HOUR
    await adapter.until_due(60)
    again = await adapter.take_one()
    assert (again.job_id, again.attempt) == ("soon", 2)


async def test_a_snoozed_job_waits_for_its_delay(adapter: Adapter) -> None:
    """ "SNOOZED makes it wait as scheduled and takes the attempt back" """
    await adapter.queue.enqueue([message("soon"), message("late")])
    soon, late = await adapter.take(limit=2)
    await adapter.settle(soon, JobEvent.SNOOZED, delay=timedelta(milliseconds=60))
    await adapter.settle(late, JobEvent.SNOOZED, delay=timedelta(hours=1))
    job = await adapter.job("late")
    assert (job.status, job.attempt) == (JobStatus.SCHEDULED, 0)
    await adapter.until_due(60)
    again = await adapter.take_one()
    assert (again.job_id, again.attempt) == ("soon", 1)


async def test_stats_tell_what_waits_for_a_time(adapter: Adapter) -> None:
    """ "How many jobs of the queue are where." """
    await adapter.queue.enqueue([message("run"), *messages(2, due=adapter.now() + HOUR)])
    await adapter.queue.nack(await adapter.take_one(), timedelta(hours=1), "boom")
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.processing) == (0, 2, 1, 0)
