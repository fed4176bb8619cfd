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
def test_each_job_comes_from_a_queue_that_was_served_least(
    within: Within, limit: int, kinds_of_weights: int
) -> None:
    """By the jobs it gave, divided by its weight: forty queues, until nothing is left."""

    async def scenario(store: RealStore) -> None:
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
