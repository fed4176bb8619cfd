"""JobStore.reschedule: jobs that wait for a time are moved, or run now."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from support.messages import message, messages

LONG = timedelta(seconds=20)
WAITING = ("scheduled", "snoozed", "retrying")
STATUS = {"snoozed": "scheduled"}
YEAR_9999 = 253_402_300_799_999


async def _job_in(adapter: Adapter, state: str) -> None:
    """A job called `job`; what waits for a time does so for an hour."""
    await adapter.queue.enqueue([message("job", due=adapter.now() + HOUR if state == "scheduled" else None)])
    if state in ("pending", "scheduled"):
        return
    if state == "cancelled":
        await adapter.store.cancel("job", None)
        return
    delivery = await adapter.take_one(worker_id="worker-before")
    hour = timedelta(hours=1)
    how: dict[str, Any] = {
        "snoozed": {"event": JobEvent.SNOOZED, "delay": hour},
        "retrying": {"event": JobEvent.ERRED, "delay": hour, "error": "boom"},
        "completed": {"event": JobEvent.SUCCEEDED},
        "failed": {"event": JobEvent.DIED, "error": "boom"},
    }
    if state in how:
        assert await adapter.settle(delivery, **how[state])


async def _places(adapter: Adapter) -> tuple[int, int, int]:
    stats = await adapter.queue.stats("default")
    return stats.waiting, stats.scheduled, stats.retrying


@pytest.mark.parametrize("state", WAITING)
async def test_a_job_is_moved_forward(adapter: Adapter, state: str) -> None:
    """ "Let a scheduled or retrying job wait until another instant, `due` in milliseconds since 1970" """
    await _job_in(adapter, state)
    due = adapter.now() + 60
    assert await adapter.store.reschedule("job", due)
    job = await adapter.job("job")
    assert (job.status, job.due) == (STATUS.get(state, state), due)
    assert await _places(adapter) == ((0, 0, 1) if state == "retrying" else (0, 1, 0))
    await adapter.until_due(60)
    assert await adapter.take_all() == ["job"]
    assert await _places(adapter) == (0, 0, 0)


@pytest.mark.parametrize("state", WAITING)
async def test_a_job_is_moved_back(adapter: Adapter, state: str) -> None:
    """ "Let a scheduled or retrying job wait until another instant" """
    await _job_in(adapter, state)
    await adapter.store.reschedule("job", adapter.now() + 60)
    later = adapter.now() + 2 * HOUR
    assert await adapter.store.reschedule("job", later)
    await adapter.until_due(80)
    assert await adapter.take_all() == []
    job = await adapter.job("job")
    assert (job.status, job.due) == (STATUS.get(state, state), later)


@pytest.mark.parametrize("state", WAITING)
@pytest.mark.parametrize("now", [True, False])
async def test_a_job_is_run_now(adapter: Adapter, state: str, now: bool) -> None:
    """ "With None, or an instant that has passed, it goes to the tail of its level at once" """
    await _job_in(adapter, state)
    await adapter.queue.enqueue([message("before"), message("low", priority="low")])
    assert await adapter.store.reschedule("job", None if now else 1000)
    await adapter.queue.enqueue([message("behind")])
    assert (await adapter.job("job")).status is JobStatus.PENDING
    assert await _places(adapter) == (4, 0, 0)
    assert await adapter.take_all() == ["before", "job", "behind", "low"]
    assert await _places(adapter) == (0, 0, 0)


@pytest.mark.parametrize(("state", "attempt"), [("scheduled", 1), ("snoozed", 1), ("retrying", 2)])
@pytest.mark.parametrize("now", [True, False])
async def test_no_attempt_is_lost_or_won(adapter: Adapter, state: str, attempt: int, now: bool) -> None:
    """ "Its attempts stay as they are" """
    await _job_in(adapter, state)
    before = (await adapter.job("job")).attempt
    await adapter.store.reschedule("job", None if now else adapter.now() + 30)
    assert (await adapter.job("job")).attempt == before == attempt - 1
    await adapter.until_due(30)
    again = await adapter.take_one()
    assert (again.attempt, again.crashes) == (attempt, 0)


@pytest.mark.parametrize("state", WAITING)
async def test_it_shows_when_it_is_to_run(adapter: Adapter, state: str) -> None:
    """ "it shows the instant it was given, also once that has come" """
    await _job_in(adapter, state)
    due = adapter.now() + 30
    await adapter.store.reschedule("job", due)
    await adapter.until_due(30)
    delivery = await adapter.take_one()
    assert (await adapter.job("job")).due == due
    assert await adapter.queue.ack(delivery)
    assert (await adapter.job("job")).due == due


async def test_a_job_that_was_run_now_shows_when_that_was(adapter: Adapter) -> None:
    """ "it shows the instant it was given, also once that has come": with None, that of the call."""
    await _job_in(adapter, "scheduled")
    before = adapter.now()
    await adapter.store.reschedule("job", None)
    due = (await adapter.job("job")).due
    assert due is not None
    assert before <= due <= adapter.now()
    await adapter.until_due(50)
    oldest = (await adapter.queue.stats("default")).oldest_waiting_seconds
    assert oldest is not None
    assert oldest >= 0.05, "it has waited since then"


async def test_a_moved_job_may_be_put_off_again(adapter: Adapter) -> None:
    """ "Let a scheduled or retrying job wait until another instant": its next wait is its own."""
    await _job_in(adapter, "scheduled")
    await adapter.store.reschedule("job", None)
    await adapter.queue.nack(await adapter.take_one(), timedelta(hours=1), "boom")
    job = await adapter.job("job")
    assert job.due is not None
    assert (job.status, job.due > adapter.now() + HOUR // 2) == (JobStatus.RETRYING, True)
    await adapter.until_due(5)
    assert await adapter.take_all() == []


async def test_an_unknown_job_cannot_be_moved(adapter: Adapter) -> None:
    """ "False when there is no such job." """
    assert not await adapter.store.reschedule("nobody", adapter.now() + HOUR)
    assert not await adapter.store.reschedule("nobody", None)


@pytest.mark.parametrize("state", ["pending", "processing", "completed", "failed", "cancelled"])
@pytest.mark.parametrize("after", [None, 1, HOUR])
async def test_no_other_job_can_be_moved(adapter: Adapter, state: str, after: int | None) -> None:
    """ "IllegalTransition when it does not wait for a time; nothing changes then." """
    await _job_in(adapter, state)
    before = await adapter.job("job")
    assert before.status == state
    with pytest.raises(IllegalTransition, match=f"a {state} job cannot be moved or run now"):
        await adapter.store.reschedule("job", None if after is None else adapter.now() + after)
    assert await adapter.job("job") == before
    assert await _places(adapter) == ((1, 0, 0) if state == "pending" else (0, 0, 0))


async def test_a_moved_job_ends_a_longer_sleep(adapter: Adapter) -> None:
    """ "Let a scheduled or retrying job wait until another instant": also where nobody would look by then."""
    other = await adapter.two()
    await other.queue.enqueue([message("job", due=adapter.now() + HOUR)])
    task = await _waiting(adapter)
    before = adapter.now()
    await other.store.reschedule("job", adapter.now() + 100)
    async with asyncio.timeout(5):
        assert await adapter.while_time_passes(_finish(task)) == ["job"]
    assert adapter.now() - before < 3000


async def test_a_job_that_is_run_now_ends_a_wait(adapter: Adapter) -> None:
    """ "it goes to the tail of its level at once, as one that is submitted" """
    other = await adapter.two()
    await other.queue.enqueue([message("job", due=adapter.now() + HOUR)])
    task = await _waiting(adapter)
    await other.store.reschedule("job", None)
    async with asyncio.timeout(5):
        assert await task == ["job"]
    assert (await adapter.job("job")).status is JobStatus.PROCESSING


async def test_moving_and_coming_due_at_the_same_moment(adapter: Adapter) -> None:
    """ "IllegalTransition when it does not wait for a time": or it was moved first, and does not come."""
    other = await adapter.two()
    due = adapter.now() + 20
    batch = messages(40, due=due)
    await adapter.queue.enqueue(batch)
    await adapter.until_due(10)
    pairs = []
    for each in batch:
        pairs += [
            adapter.take(worker_id=f"worker-of-{each.job_id}"),
            _moved(other, each.job_id, due + HOUR),
        ]
        if len(pairs) == len(batch):
            await adapter.until_due(10)
    answers: list[Any] = await asyncio.gather(*pairs)
    moved = {each.job_id for each, answer in zip(batch, answers[1::2], strict=True) if answer}
    taken = {delivery.job_id for deliveries in answers[::2] for delivery in deliveries}
    taken |= set(await adapter.take_all())
    assert taken | moved == {each.job_id for each in batch}
    assert not taken & moved, "each is taken, or moved"
    assert await _places(adapter) == (0, len(moved), 0)


async def test_the_far_future_is_no_special_time(adapter: Adapter) -> None:
    """ "A message is due at once, or at `envelope.due`.": at any horizon, and its wait is one for a nearer time too."""
    await adapter.queue.enqueue([message("last", due=YEAR_9999), message("century", due=1 << 42)])
    assert await adapter.while_time_passes(adapter.take_all(wait=timedelta(milliseconds=1))) == []
    assert ((await adapter.job("last")).due, (await adapter.job("century")).due) == (YEAR_9999, 1 << 42)
    await adapter.queue.enqueue([message("soon", due=adapter.now() + 30)])
    assert await adapter.while_time_passes(_one(adapter)) == ["soon"]
    assert await adapter.store.reschedule("century", YEAR_9999)
    assert await adapter.store.reschedule("last", None)
    assert await adapter.take_all() == ["last"]
    assert (await adapter.job("century")).due == YEAR_9999


async def test_a_wait_longer_than_the_calendar(adapter: Adapter) -> None:
    """ "ERRED makes the job wait for `delay` as retrying": whatever a handler may ask for."""
    await adapter.queue.enqueue([message("job"), message("other")])
    first, second = await adapter.take(limit=2)
    assert await adapter.queue.nack(first, timedelta.max, "boom")
    assert await adapter.settle(second, JobEvent.SNOOZED, delay=timedelta.max)
    job = await adapter.job("job")
    assert job.due is not None
    assert (job.status, job.due > YEAR_9999) == (JobStatus.RETRYING, True)
    assert await adapter.while_time_passes(adapter.take_all(wait=timedelta(milliseconds=1))) == []
    assert await adapter.store.reschedule("job", None)
    assert await adapter.take_all() == ["job"]


async def _one(adapter: Adapter) -> list[str]:
    while True:
        if deliveries := await adapter.take(wait=LONG, worker_id="worker-waiting"):
            return [delivery.job_id for delivery in deliveries]


async def _waiting(adapter: Adapter) -> asyncio.Task[list[str]]:
    """A worker that waits; it has had time to fall asleep."""
    task = asyncio.create_task(_one(adapter))
    for _ in range(20):
        await asyncio.sleep(0.002)
    assert not task.done()
    return task


async def _finish(task: asyncio.Task[list[str]]) -> list[str]:
    return await task


async def _moved(adapter: Adapter, job_id: str, due: int) -> bool:
    try:
        return await adapter.store.reschedule(job_id, due)
    except IllegalTransition:
        return False
