"""Unique keys: at most one unfinished job holds each."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery
from support.messages import message, messages

ENDING = [JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED]
GOING_ON = [JobEvent.ERRED, JobEvent.SNOOZED, JobEvent.GIVEN_BACK]


async def _answer(adapter: Adapter, unique: str = "key") -> tuple[str, bool]:
    [result] = await adapter.queue.enqueue([message(unique=unique, type="other", queue="elsewhere")])
    assert result.error is None
    return result.job_id, result.is_new


async def _running(adapter: Adapter) -> Delivery:
    await adapter.queue.enqueue([message("holder", unique="key")])
    return await adapter.take_one()


async def test_a_held_key_answers_its_holder(adapter: Adapter) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    await adapter.queue.enqueue([message("holder", unique="key", due=adapter.now() + HOUR)])
    assert await _answer(adapter) == ("holder", False)
    assert (await _answer(adapter, "another key"))[1]
    assert (await adapter.queue.stats("elsewhere")).waiting == 1


async def test_a_key_twice_in_one_batch(adapter: Adapter) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    results = await adapter.queue.enqueue([message("holder", unique="key"), message("second", unique="key")])
    assert [(result.job_id, result.is_new) for result in results] == [("holder", True), ("holder", False)]
    assert not await adapter.is_known("second")


async def test_a_running_job_holds_its_key(adapter: Adapter) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    await _running(adapter)
    assert await _answer(adapter) == ("holder", False)


@pytest.mark.parametrize("event", GOING_ON)
async def test_a_job_that_runs_again_holds_its_key(adapter: Adapter, event: JobEvent) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    delivery = await _running(adapter)
    assert await adapter.settle(delivery, event, delay=timedelta(hours=1), unique="key")
    assert await _answer(adapter) == ("holder", False)


@pytest.mark.parametrize("event", ENDING)
async def test_an_ended_job_frees_its_key(adapter: Adapter, event: JobEvent) -> None:
    """ "An ended job's unique key is free." """
    delivery = await _running(adapter)
    assert await adapter.settle(delivery, event, unique="key")
    assert (await _answer(adapter))[1]


async def test_an_old_job_does_not_free_the_key_of_its_follower(adapter: Adapter) -> None:
    """ "An ended job's unique key is free.": its own alone."""
    delivery = await _running(adapter)
    await adapter.settle(delivery, JobEvent.DIED, unique="key")
    follower, is_new = await _answer(adapter)
    assert is_new
    assert await adapter.store.delete("holder")
    assert await _answer(adapter) == (follower, False)


async def test_a_cancelled_job_frees_its_key(adapter: Adapter) -> None:
    """ "Its unique key is free at once." """
    await adapter.queue.enqueue([message("holder", unique="key")])
    await adapter.store.cancel("holder", None)
    assert (await _answer(adapter))[1]


async def test_a_job_cancelled_while_it_ran_frees_its_key(adapter: Adapter) -> None:
    """ "An ended job's unique key is free." """
    delivery = await _running(adapter)
    await adapter.store.cancel("holder", None)
    assert await _answer(adapter) == ("holder", False)
    await adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(hours=1), unique="key")
    assert (await _answer(adapter))[1]


async def test_a_deleted_job_frees_its_key(adapter: Adapter) -> None:
    """ "Forget a job that does not run, with all that belongs to it." """
    await adapter.queue.enqueue([message("holder", unique="key")])
    assert await adapter.store.delete("holder")
    assert (await _answer(adapter))[1]


async def test_a_retried_job_takes_its_key_again(adapter: Adapter) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    await adapter.settle(await _running(adapter), JobEvent.DIED, unique="key")
    assert await adapter.store.retry("holder")
    assert await _answer(adapter) == ("holder", False)


async def test_a_job_whose_key_is_taken_cannot_be_retried(adapter: Adapter) -> None:
    """ "or when another unfinished job holds its unique key by now; nothing changes then." """
    await adapter.settle(await _running(adapter), JobEvent.DIED, unique="key", error="boom")
    follower, _ = await _answer(adapter)
    before = await adapter.job("holder")
    with pytest.raises(IllegalTransition):
        await adapter.store.retry("holder")
    assert await adapter.job("holder") == before
    assert before.status is JobStatus.FAILED
    assert (await adapter.queue.stats("default")).waiting == 0
    assert await _answer(adapter) == (follower, False)


async def test_one_of_many_at_once_gets_the_key(adapter: Adapter) -> None:
    """ "A `unique` key that an unfinished job holds answers that job's id." """
    other = await adapter.two()
    submits = [client.queue.enqueue([m]) for client in (adapter, other) for m in messages(20, unique="key")]
    results = [result for [result] in await asyncio.gather(*submits)]
    assert sum(result.is_new for result in results) == 1
    assert len({result.job_id for result in results}) == 1
    assert (await adapter.queue.stats("default")).waiting == 1
