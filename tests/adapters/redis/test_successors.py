"""Workers that are gone: what they leave behind, and who minds what they would have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.ports.delivery import Subscription
from support.real_store import RealStore, Within


@pytest.mark.parametrize("queues", [("default",), ("default", "7", "other")])
def test_who_dies_before_it_has_told_its_facts_waits_nowhere(within: Within, queues: tuple[str, ...]) -> None:
    """It joined by that look, and the store knows its queues from there; until then its facts are none."""

    async def scenario(store: RealStore) -> None:
        idle = store.key("idle", "*")
        subscription = Subscription("worker-1", dict.fromkeys(queues, 1))
        assert await store.queue.dequeue(subscription, 1, timedelta(milliseconds=10)) == []
        assert [worker.facts for worker in await store.leases.workers()] == [None]
        assert set(store.client.keys(idle)) == {store.key("idle", queue).encode() for queue in queues}
        assert await store.leases.take_over("worker-1", None) == []
        assert store.client.keys(idle) == []
        assert not store.client.exists(store.key("waiters"))

    within(scenario)


@pytest.fixture(params=["dies", "leaves"])
def gone(request: pytest.FixtureRequest) -> str:
    """How a worker comes to its end."""
    return str(request.param)


async def end(store: RealStore, worker: str, how: str) -> None:
    """Let it be gone."""
    if how == "dies":
        await store.leases.take_over(worker, None)
    else:
        await store.queue.leave(Subscription(worker, {"default": 1}))


def test_what_a_worker_was_woken_for_wakes_another_when_it_is_gone(within: Within, gone: str) -> None:
    """A token in its mailbox is worth a look by one that lives."""

    async def scenario(store: RealStore) -> None:
        for name in ("alive", "gone"):
            subscription = Subscription(name, {"default": 1})
            assert await store.queue.dequeue(subscription, 1, timedelta(milliseconds=10)) == []
        store.client.lpush(store.key("queue", "default", "normal"), "job")
        store.client.zadd(store.key("ready"), {"default": 0})
        await store.submit("another")
        assert store.client.lrange(store.key("mailbox", "gone"), 0, -1) == [b"1"]
        assert not store.client.exists(store.key("mailbox", "alive"))
        await end(store, "gone", gone)
        assert store.client.lrange(store.key("mailbox", "alive"), 0, -1) == [b"1"]

    within(scenario)
