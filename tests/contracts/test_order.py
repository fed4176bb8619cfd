"""JobQueue.dequeue: which job goes next."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from contracts.harness import Adapter
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Subscription
from support.messages import message, messages

LEVELS = ("low", "normal", "high", "critical")


async def test_the_highest_level_goes_first(adapter: Adapter) -> None:
    """ "Per queue the highest level goes first, and within a level the oldest" """
    for number in (1, 2):
        await adapter.queue.enqueue([message(f"{level}-{number}", priority=level) for level in LEVELS])
    assert await adapter.take_all() == [
        f"{level}-{number}" for level in reversed(LEVELS) for number in (1, 2)
    ]


async def test_a_batch_has_the_same_order(adapter: Adapter) -> None:
    """ "Hand out up to `limit` waiting jobs" """
    await adapter.queue.enqueue([message(level, priority=level) for level in LEVELS])
    assert [delivery.job_id for delivery in await adapter.take(limit=3)] == ["critical", "high", "normal"]
    assert [delivery.job_id for delivery in await adapter.take(limit=3)] == ["low"]


async def test_only_the_queues_asked_for(adapter: Adapter) -> None:
    """ "Which queues a worker takes jobs from." """
    await adapter.queue.enqueue([message("mine", queue="a"), message("theirs", queue="b")])
    assert await adapter.take_all(queue="a") == ["mine"]
    assert await adapter.take_all(queue="empty") == []
    assert (await adapter.queue.stats("b")).waiting == 1


async def test_turns_follow_the_weights(adapter: Adapter) -> None:
    """ "among queues turns follow the weights" """
    await adapter.queue.enqueue(messages(40, queue="heavy") + messages(40, queue="light"))
    weights = {"heavy": 3, "light": 1}
    queues = [(await adapter.take_one(weights=weights)).queue for _ in range(40)]
    assert abs(Counter(queues)["heavy"] - 30) <= 1
    for first in range(0, 40, 8):
        assert Counter(queues[first : first + 8])["light"] >= 1, (
            "the light queue waits for no long run of the heavy"
        )


async def test_turns_within_a_batch(adapter: Adapter) -> None:
    """ "among queues turns follow the weights" """
    await adapter.queue.enqueue(messages(40, queue="heavy") + messages(40, queue="light"))
    taken = await adapter.take(limit=40, weights={"heavy": 3, "light": 1})
    assert abs(Counter(delivery.queue for delivery in taken)["heavy"] - 30) <= 1


async def test_an_empty_queue_yields_its_turns(adapter: Adapter) -> None:
    """ "among non-empty queues turns follow the weights" """
    await adapter.queue.enqueue(messages(2, queue="heavy") + messages(10, queue="light"))
    taken = await adapter.take(limit=12, weights={"heavy": 3, "light": 1, "empty": 9})
    assert Counter(delivery.queue for delivery in taken) == {"heavy": 2, "light": 10}


async def test_a_queue_that_was_empty_claims_no_arrears(adapter: Adapter) -> None:
    """ "among non-empty queues turns follow the weights" """
    await adapter.queue.enqueue(messages(60, queue="busy"))
    both = {"busy": 1, "quiet": 1}
    await adapter.take(limit=30, weights=both)
    await adapter.queue.enqueue(messages(30, queue="quiet"))
    taken = Counter([(await adapter.take_one(weights=both)).queue for _ in range(10)])
    assert abs(taken["busy"] - taken["quiet"]) <= 2


async def test_strict_follows_the_order_of_the_queues(adapter: Adapter) -> None:
    """ "or their order when strict" """
    await adapter.queue.enqueue(
        messages(2, queue="last", priority="critical") + messages(2, queue="first", priority="low")
    )
    weights = {"first": 1, "last": 100}
    queues = [(await adapter.take_one(weights=weights, strict=True)).queue for _ in range(4)]
    assert queues == ["first", "first", "last", "last"]


async def test_strict_among_more_queues_than_one_looks_at_at_once(adapter: Adapter) -> None:
    """ "or their order when strict" """
    names = [f"queue-{number:03}" for number in range(100)]
    await adapter.queue.enqueue([message(queue=name) for name in names for _ in range(2)])
    weights = dict.fromkeys(reversed(names), 1)
    taken = await adapter.take(limit=151, weights=weights, strict=True)
    expected = [name for name in reversed(names) for _ in range(2)]
    assert [delivery.queue for delivery in taken] == expected[:151]
    rest = await adapter.take(limit=60, weights=weights, strict=True)
    assert [delivery.queue for delivery in rest] == expected[151:]


@pytest.mark.parametrize("own", [2, 40])
@pytest.mark.parametrize("others", [10, 200])
async def test_turns_beside_queues_of_others(adapter: Adapter, others: int, own: int) -> None:
    """ "among queues turns follow the weights, or their order when strict": of the queues that the worker names."""
    await adapter.queue.enqueue([message(queue=f"other-{number:03}") for number in range(others)])
    await adapter.queue.enqueue(messages(20, queue="heavy") + messages(20, queue="light"))
    weights = {"light": 1, "heavy": 3, **{f"empty-{number:02}": 1 for number in range(own - 2)}}
    taken = [(await adapter.take_one(weights=weights)).queue for _ in range(4)]
    taken += [delivery.queue for delivery in await adapter.take(limit=16, weights=weights)]
    for first in range(0, 20, 4):
        assert Counter(taken[first : first + 4]) == {"heavy": 3, "light": 1}
    strict = await adapter.take(limit=30, weights=weights, strict=True)
    assert [delivery.queue for delivery in strict] == ["light"] * 15 + ["heavy"] * 5


async def test_a_job_given_back_goes_to_the_head(adapter: Adapter) -> None:
    """ "GIVEN_BACK puts it at the head of its level" """
    await adapter.queue.enqueue([message("a"), message("b"), message("c", priority="high")])
    await adapter.take_one()
    delivery = await adapter.take_one()
    assert delivery.job_id == "a"
    await adapter.settle(delivery, JobEvent.GIVEN_BACK)
    assert await adapter.take_all() == ["a", "b"]


async def test_a_job_behind_many_queues_that_have_run_empty(adapter: Adapter) -> None:
    """ "Hand out up to `limit` waiting jobs, waiting up to `wait` for the first.": wherever they wait."""
    names = [f"queue-{number:03}" for number in range(150)]
    await adapter.queue.enqueue([message(queue=name) for name in names])
    await adapter.queue.enqueue([message("one", queue="the-last"), message("two", queue="the-last")])
    subscription = Subscription("worker-1", dict.fromkeys([*names, "the-last"], 1))
    for limit in (50, 50, 50, 1):  # each queue once
        assert len(await adapter.queue.dequeue(subscription, limit, timedelta(0))) == limit
    assert [each.job_id for each in await adapter.queue.dequeue(subscription, 5, timedelta(0))] == ["two"]


async def test_a_job_that_erred_goes_to_the_tail(adapter: Adapter) -> None:
    """ "Jobs whose time has come are waiting jobs." """
    await adapter.queue.enqueue([message("a"), message("b")])
    delivery = await adapter.take_one()
    await adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(milliseconds=30))
    await adapter.until_due(30)
    assert await adapter.take_all() == ["b", "a"]


async def test_the_queue_and_level_of_a_delivery(adapter: Adapter) -> None:
    """ "One run of one job, handed to one worker." """
    await adapter.queue.enqueue([message(f"{level}", queue="q", priority=level) for level in LEVELS])
    for delivery in await adapter.take(limit=4, queue="q", worker_id="w-7"):
        assert delivery.priority.word == delivery.job_id
        assert (delivery.queue, delivery.worker_id, delivery.attempt) == ("q", "w-7", 1)
