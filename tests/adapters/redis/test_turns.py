"""Turns among many queues: each job comes from a queue that was served least until then, whatever a fetch asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.ports.delivery import Subscription
from support.messages import message
from support.real_store import RealStore, Within

NOW = timedelta(0)
EACH = 6


@pytest.mark.parametrize("limit", [1, 7, 50])
@pytest.mark.parametrize("kinds_of_weights", [1, 3])
@pytest.mark.parametrize("others", [0, 200])
def test_each_job_comes_from_a_queue_that_was_served_least(
    within: Within, limit: int, kinds_of_weights: int, others: int
) -> None:
    """By the jobs it gave, divided by its weight: forty queues, until nothing is left; also beside those of others."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(queue=f"other-{number}") for number in range(others)])
        weights = {f"queue-{number:02}": 1 << number % kinds_of_weights for number in range(40)}
        await store.queue.enqueue([message(queue=queue) for queue in weights for _ in range(EACH)])
        served, left = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, EACH)
        subscription = Subscription("worker-1", weights)
        while any(left.values()):
            taken = await store.queue.dequeue(subscription, limit, NOW)
            assert len(taken) == min(limit, sum(left.values()))
            for delivery in taken:
                least = min(served[queue] for queue in weights if left[queue])
                assert served[delivery.queue] == least
                left[delivery.queue] -= 1
                served[delivery.queue] += 1 / weights[delivery.queue]

    within(scenario)


def test_a_batch_at_another_level_moves_no_turn(within: Within) -> None:
    """A queue that has jobs already stays where it is among the others."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(queue=queue) for queue in ("a", "b") for _ in range(5)])
        await store.queue.dequeue(Subscription("worker-1", {"a": 1, "b": 1}), 3, NOW)
        before = store.client.zrange(store.key("ready"), 0, -1, withscores=True)
        assert len({score for _, score in before}) == 2
        await store.queue.enqueue([message(queue=queue, priority="high") for queue in ("a", "b")])
        assert store.client.zrange(store.key("ready"), 0, -1, withscores=True) == before

    within(scenario)


def test_who_becomes_ready_waits_for_a_turn_of_the_others(within: Within) -> None:
    """It claims no arrears, and is not put first."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(queue=queue) for queue in ("b", "c") for _ in range(20)])
        subscription = Subscription("worker-1", {"a": 1, "b": 1, "c": 1})
        await store.queue.dequeue(subscription, 10, NOW)
        await store.queue.enqueue([message(queue="a") for _ in range(20)])
        taken = [(await store.queue.dequeue(subscription, 1, NOW))[0].queue for _ in range(9)]
        assert sorted(taken[:2]) == ["b", "c"]
        assert [taken.count(queue) for queue in "abc"] == [3, 3, 3]

    within(scenario)


def test_several_that_become_ready_stand_behind_whose_turn_it_is(within: Within) -> None:
    """Each as far as its weight puts it, all within one fetch."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(queue="old") for _ in range(20)])
        subscription = Subscription("worker-1", {"heavy": 4, "light": 1, "old": 1})
        await store.queue.dequeue(subscription, 5, NOW)
        await store.queue.enqueue([message(queue=queue) for queue in ("heavy", "light") for _ in range(20)])
        taken = await store.queue.dequeue(subscription, 4, NOW)
        assert [delivery.queue for delivery in taken] == ["old", "heavy", "heavy", "heavy"]

    within(scenario)


def test_weights_hold_among_more_queues_than_a_fetch_looks_at(within: Within) -> None:
    """Two hundred queues, half of them four times as heavy, and a fetch that serves some of them twice."""

    async def scenario(store: RealStore) -> None:
        weights = {f"queue-{number:03}": 4 if number % 2 else 1 for number in range(200)}
        await store.queue.enqueue([message(queue=queue) for queue in weights for _ in range(40)])
        subscription = Subscription("worker-1", weights)
        served = dict.fromkeys(weights, 0)
        for _ in range(40):
            for delivery in await store.queue.dequeue(subscription, 100, NOW):
                served[delivery.queue] += 1
        of_weight = [[count for queue, count in served.items() if weights[queue] == each] for each in (1, 4)]
        assert set(of_weight[0]) == {8}
        assert set(of_weight[1]) <= {31, 32, 33}

    within(scenario)
