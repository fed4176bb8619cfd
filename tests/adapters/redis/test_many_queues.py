"""Many queues: a worker tells its own once, and what a call asks of the server does not grow with their number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.adapters.redis.told_subscription import FEW_QUEUES
from hexjobs.ports.delivery import Delivery, Subscription
from support.messages import message
from support.real_store import RealStore, Within

AT_ONCE = timedelta(0)
QUEUES = [f"queue-{number:02}" for number in range(FEW_QUEUES + 1)]
MANY = dict.fromkeys(QUEUES, 1)


async def fetch(
    store: RealStore, weights: dict[str, int], limit: int, *, strict: bool = False
) -> list[Delivery]:
    """What one worker is handed."""
    return await store.queue.dequeue(Subscription("worker-1", weights, strict=strict), limit, AT_ONCE)


def test_many_queues_are_asked_for_at_once(within: Within) -> None:
    """A batch over 100 queues asks once whether anybody waits, and how many came before; those that were empty are ready now."""

    async def scenario(store: RealStore) -> None:
        batch = [message(queue=f"queue-{number}") for number in range(100)]
        await store.queue.enqueue(batch[:40])
        store.client.config_resetstat()
        await store.queue.enqueue([message(queue=each.envelope.queue) for each in batch])
        once = {"mget": 1, "mset": 1, "exists": 1, "zadd": 1, "hmget": 1, "hset": 1}
        assert store.commands() == {**once, "lpush": 100}
        assert store.client.zcard(store.key("ready")) == 100

    within(scenario)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("own", [["default"], [*QUEUES, "default"]], ids=["one", "many"])
def test_a_fetch_asks_for_as_much_beside_a_thousand_queues_of_others(
    within: Within, own: list[str], strict: bool
) -> None:
    """The index of ready queues is full of them; the worker's own stand behind."""

    async def scenario(store: RealStore) -> None:
        asked = []
        for first, last in ((0, 100), (100, 1000)):
            await store.queue.enqueue([message(queue=f"a-{number:03}") for number in range(first, last)])
            await store.queue.enqueue([message(), message()])
            for _ in range(2):  # the worker has joined, and its queues are remembered
                store.client.config_resetstat()
                [delivery] = await fetch(store, dict.fromkeys(own, 1), 1, strict=strict)
                assert delivery.queue == "default"
            asked.append(store.commands())
        assert asked[0] == asked[1]
        assert asked[0]["lmpop"] == 1

    within(scenario)


@pytest.mark.parametrize("strict", [False, True])
def test_a_fetch_asks_for_as_much_among_a_thousand_queues_of_its_own(within: Within, strict: bool) -> None:
    """Jobs wait in all of them."""

    async def scenario(store: RealStore) -> None:
        asked = []
        for count in (100, 1000):
            names = [f"queue-{number:03}" for number in range(count)]
            await store.queue.enqueue([message(queue=name) for name in names for _ in range(2)])
            for _ in range(2):  # the worker has joined, and its queues are remembered
                store.client.config_resetstat()
                assert len(await fetch(store, dict.fromkeys(names, 1), 1, strict=strict)) == 1
            asked.append(store.commands())
        assert asked[0] == asked[1]

    within(scenario)


@pytest.mark.parametrize("strict", [False, True])
def test_many_queues_are_told_once(within: Within, *, strict: bool) -> None:
    """Then their digest stands for them, until the server has forgotten it: it asks, and nothing is missed."""

    async def scenario(store: RealStore) -> None:
        weights = dict.fromkeys(reversed(QUEUES), 1)
        await store.queue.enqueue(
            [message(f"{queue}-{number}", queue=queue) for number in range(4) for queue in QUEUES]
        )
        calls = []
        for forgets in (False, False, True):
            [memory] = store.client.keys(store.key("subscription", "*")) or [None]
            if memory is not None:
                assert 3_500_000 < store.client.pttl(memory) <= 3_600_000
            if forgets:
                store.client.delete(memory)
            before = store.client.info("commandstats").get("cmdstat_lmpop", {}).get("calls", 0)
            found = await fetch(store, weights, len(QUEUES), strict=strict)
            calls.append(store.client.info("commandstats")["cmdstat_lmpop"]["calls"] - before)
            assert len(found) == len(QUEUES)
            if strict:
                assert [each.queue for each in found] == sorted((each.queue for each in found), reverse=True)
            else:
                assert sorted(each.queue for each in found) == QUEUES, "they take turns"
        [memory] = store.client.keys(store.key("subscription", "*"))
        assert store.client.zcard(memory) == len(QUEUES)

    within(scenario)


def test_weights_that_are_remembered_count(within: Within) -> None:
    """And other weights, or another order, are another subscription."""

    async def scenario(store: RealStore) -> None:
        busy = QUEUES[:2]
        await store.queue.enqueue([message(queue=queue) for queue in busy for _ in range(40)])
        for heavy in busy:
            for _ in range(2):
                found = await fetch(store, {**MANY, heavy: 4}, 10)
                assert sum(each.queue == heavy for each in found) == 8
        assert len(store.client.keys(store.key("subscription", "*"))) == 2

    within(scenario)


def test_a_strict_worker_is_remembered_apart(within: Within) -> None:
    """One that is not strict takes jobs from the same queues, and what is remembered of it knows no order."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(queue=queue) for queue in QUEUES for _ in range(2)])
        backwards = dict.fromkeys(reversed(QUEUES), 1)
        assert len(await fetch(store, backwards, len(QUEUES), strict=False)) == len(QUEUES)
        found = await fetch(store, backwards, len(QUEUES), strict=True)
        assert [each.queue for each in found] == sorted((each.queue for each in found), reverse=True)

    within(scenario)


def test_a_worker_of_many_queues_waits_for_each_of_them(within: Within) -> None:
    """Though its fetch does not name them: it is registered as idle, and as theirs, and no more when it has fetched."""

    async def scenario(store: RealStore) -> None:
        subscription = Subscription("worker-1", MANY)
        await store.queue._fetch(subscription, 1, "0")
        assert sorted(store.client.hget(store.key("workers"), "worker-1").decode().split()) == QUEUES
        await store.queue._fetch(subscription, 1, "1")
        assert len(store.client.keys(store.key("idle", "*"))) == len(QUEUES)
        await store.queue._fetch(subscription, 1, "2")
        assert store.client.keys(store.key("idle", "*")) == []

    within(scenario)


def test_a_job_behind_many_queues_that_have_run_empty_is_found(within: Within) -> None:
    """By one fetch: what it finds empty it forgets, and it goes on as long as there is a queue to look at."""

    async def scenario(store: RealStore) -> None:
        names = [f"queue-{number:03}" for number in range(200)]
        weights = dict.fromkeys([*names, "the-last"], 1)
        await store.queue.enqueue([message(queue=name) for name in names])
        await store.queue.enqueue([message("one", queue="the-last"), message("two", queue="the-last")])
        for limit in (50, 50, 50, 50, 1):  # each queue once
            assert len(await fetch(store, weights, limit)) == limit
        assert store.client.zcard(store.key("ready")) > 64
        assert [each.job_id for each in await fetch(store, weights, 5)] == ["two"]
        assert store.client.zcard(store.key("ready")) == 0

    within(scenario)
