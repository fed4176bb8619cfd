"""What settling and fetching ask of the server, beyond what every adapter promises: kinds, digests, runs, and effects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.adapters.redis.told_subscription import FEW_QUEUES
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.messages import message
from support.real_store import RealStore, Within

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)
QUEUES = [f"queue-{number:02}" for number in range(FEW_QUEUES + 1)]
MANY = dict.fromkeys(QUEUES, 1)


async def fetch(
    store: RealStore, weights: dict[str, int], limit: int, *, strict: bool = False
) -> list[Delivery]:
    """What one worker is handed."""
    return await store.queue.dequeue(Subscription("worker-1", weights, strict=strict), limit, AT_ONCE)


def test_each_settlement_has_its_own_answer_among_other_kinds(within: Within) -> None:
    """Kinds take turns, some with results; a stale fence, and a second settlement of one delivery, are refused in place."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message(f"job-{number}") for number in range(5)])
        found = await fetch(store, {"default": 1}, 5)
        found[3].fence += 1
        answers = await store.queue.settle(
            [
                Settlement(found[0], JobEvent.SUCCEEDED, result=b"0"),
                Settlement(found[1], JobEvent.DIED, error="e"),
                Settlement(found[2], JobEvent.SUCCEEDED),
                Settlement(found[3], JobEvent.SUCCEEDED, result=b"3"),
                Settlement(found[4], JobEvent.SUCCEEDED, result=b"4"),
                Settlement(found[2], JobEvent.SUCCEEDED),
            ]
        )
        assert answers == [True, True, True, False, True, False]
        jobs = [job for job in await store.store.get([f"job-{number}" for number in range(5)]) if job]
        assert [job.status.value for job in jobs] == [
            "completed",
            "failed",
            "completed",
            "processing",
            "completed",
        ]
        assert [job.result for job in jobs] == [b"0", None, None, None, b"4"]
        assert store.client.hget(store.key("running"), "default") == b"1"

    within(scenario)


def test_a_fetch_tells_each_job_where_it_comes_from_and_how_often_it_ran(within: Within) -> None:
    """Levels, queues, first attempts and later ones, and lost data, in one answer."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("twice")])
        [first] = await fetch(store, {"default": 1}, 1)
        await store.queue.settle([Settlement(first, JobEvent.CRASHED)])
        await store.queue.enqueue(
            [message("lost"), message("urgent", priority="high"), message("mail", queue="mail")]
        )
        store.client.delete(store.key("data", "lost"))
        found = await fetch(store, {"default": 1, "mail": 1}, 10)
        by_id = {each.job_id: each for each in found}
        assert [by_id[name].fence - found[0].fence for name in by_id] == [0, 1, 2, 3]
        assert {name: (each.queue, each.priority) for name, each in by_id.items()} == {
            "urgent": ("default", JobPriority.HIGH),
            "twice": ("default", JobPriority.NORMAL),
            "lost": ("default", JobPriority.NORMAL),
            "mail": ("mail", JobPriority.NORMAL),
        }
        ran = {name: (each.attempt, each.crashes) for name, each in by_id.items()}
        assert ran == {"urgent": (1, 0), "twice": (1, 1), "lost": (1, 0), "mail": (1, 0)}
        assert by_id["lost"].data == b""
        assert store.client.hgetall(store.key("running")) == {b"default": b"3", b"mail": b"1"}
        await store.queue.settle([Settlement(by_id[name], JobEvent.SUCCEEDED) for name in ("urgent", "mail")])
        assert store.client.hgetall(store.key("running")) == {b"default": b"2", b"mail": b"0"}

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
        assert store.client.hlen(memory) == len(QUEUES)

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


def test_effects_go_with_their_job(within: Within) -> None:
    """Nobody looks for effects before the first is recorded; from then on they are kept as long as their job."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("plain"), message("charged")])
        plain, charged = await fetch(store, {"default": 1}, 2)
        before = store.client.info("commandstats")["cmdstat_exists"]["calls"]
        await store.queue.settle([Settlement(plain, JobEvent.SUCCEEDED, keep=HOUR)])
        assert store.client.info("commandstats")["cmdstat_exists"]["calls"] == before
        await store.store.record_effect(charged.job_id, charged.fence, "charge", b"1")
        await store.queue.settle([Settlement(charged, JobEvent.SUCCEEDED, keep=HOUR)])
        ends = [store.client.pexpiretime(store.key(kind, "charged")) for kind in ("data", "state", "effects")]
        assert len(set(ends)) == 1
        assert 3_500_000 < store.client.pttl(store.key("effects", "charged")) <= 3_600_000

    within(scenario)


def test_a_job_that_is_not_to_be_kept_is_gone_at_once(within: Within) -> None:
    """Its end is an instant that is over, not one of this millisecond."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("gone")])
        [delivery] = await fetch(store, {"default": 1}, 1)
        assert await store.queue.settle([Settlement(delivery, JobEvent.SUCCEEDED, keep=AT_ONCE)]) == [True]
        assert store.client.exists(store.key("data", "gone"), store.key("state", "gone")) == 0

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
