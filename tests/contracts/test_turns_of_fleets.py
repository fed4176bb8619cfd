"""JobQueue.dequeue: turns where workers take jobs from different queues of one store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from contracts.harness import Adapter
from support.messages import messages

OURS = {"a": 1, "b": 1}
THEIRS = {"theirs": 1}


async def _turns(adapter: Adapter, count: int, weights: Mapping[str, int]) -> Counter[str]:
    """From which queues the next jobs come."""
    return Counter([(await adapter.take_one(weights=weights)).queue for _ in range(count)])


@pytest.mark.parametrize(("ours", "theirs"), [(100, 1), (1, 100)])
async def test_a_queue_that_becomes_ready_takes_its_turn(adapter: Adapter, ours: int, theirs: int) -> None:
    """ "among non-empty queues turns follow the weights": however much other workers have taken from their queues."""
    queues = messages(80, queue="a") + messages(80, queue="b") + messages(120, queue="theirs")
    await adapter.queue.enqueue(queues)
    await adapter.take(limit=ours, weights={**OURS, "c": 1})
    await adapter.take(limit=theirs, weights=THEIRS, worker_id="worker-2")
    await adapter.queue.enqueue(messages(40, queue="c"))
    turns = await _turns(adapter, 12, {**OURS, "c": 1})
    assert all(3 <= turns[queue] <= 5 for queue in "abc"), turns


@pytest.mark.parametrize("before", [40, 100])
async def test_a_worker_of_other_queues_begins_where_they_are(adapter: Adapter, before: int) -> None:
    """ "among non-empty queues turns follow the weights": whatever workers of some of them have done before it came."""
    await adapter.queue.enqueue(messages(80, queue="a") + messages(80, queue="b"))
    await adapter.take(limit=before, weights=OURS)
    await adapter.queue.enqueue(messages(40, queue="c"))
    turns = await _turns(adapter, 12, {**OURS, "c": 1})
    assert all(3 <= turns[queue] <= 5 for queue in "abc"), turns


async def test_a_queue_that_is_shared_is_not_left_when_the_others_leave(adapter: Adapter) -> None:
    """ "among non-empty queues turns follow the weights": other workers took hundreds of jobs from one of them."""
    await adapter.queue.enqueue(messages(200, queue="a") + messages(600, queue="shared"))
    weights = {"a": 1, "shared": 1}
    await adapter.take(limit=10, weights=weights)
    await adapter.take(limit=400, weights={"shared": 1}, worker_id="worker-2")
    await _turns(adapter, 40, weights)
    turns = await _turns(adapter, 40, weights)
    assert abs(turns["a"] - turns["shared"]) <= 1, turns


async def test_a_queue_that_is_shared_takes_no_turns_of_others(adapter: Adapter) -> None:
    """ "among non-empty queues turns follow the weights": two kinds of workers take turns with it, one far ahead."""
    lines = (("a", 100), ("shared", 300), ("z", 300))
    await adapter.queue.enqueue([each for queue, count in lines for each in messages(count, queue=queue)])
    ahead = {"shared": 1, "z": 1}
    await adapter.take(limit=300, weights=ahead)
    turns: Counter[str] = Counter()
    for _ in range(40):
        await adapter.take_one(weights={"a": 1, "shared": 1}, worker_id="worker-2")
        turns[(await adapter.take_one(weights=ahead)).queue] += 1
    assert turns["z"] >= 10, turns


async def test_new_queues_wait_for_each_other(adapter: Adapter) -> None:
    """ "among non-empty queues turns follow the weights": many come at once, and one has had its turns for long."""
    await adapter.queue.enqueue(messages(80, queue="old"))
    names = [f"new-{number:02}" for number in range(30)]
    weights = {"old": 1, **dict.fromkeys(names, 1)}
    await adapter.take(limit=30, weights=weights)
    await adapter.queue.enqueue([each for name in names for each in messages(4, queue=name)])
    turns = await _turns(adapter, 93, weights)
    assert set(turns.values()) <= {2, 3, 4}, turns
