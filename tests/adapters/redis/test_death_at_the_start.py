"""A worker that dies between its first look for jobs and its first beat leaves nothing behind."""

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
