"""What settling and fetching ask of the server, beyond what every adapter promises: kinds, runs, and effects."""

from __future__ import annotations

from datetime import timedelta

from hexjobs.domain.priority import JobPriority
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.messages import message
from support.real_store import RealStore, Within

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)


async def fetch(store: RealStore, weights: dict[str, int], limit: int) -> list[Delivery]:
    """What one worker is handed."""
    return await store.queue.dequeue(Subscription("worker-1", weights), limit, AT_ONCE)


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
