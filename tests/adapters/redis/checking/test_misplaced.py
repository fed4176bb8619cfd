"""Entries that fit no job, and jobs that are where they should not be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.store_check import StoreReport
from support.real_store import RealStore, Within

FAR = 1 << 42
DAY = timedelta(days=1)


def test_a_job_that_runs_and_waits_does_not_run_twice(within: Within) -> None:
    """Its status counts; the entry in the list goes."""

    async def scenario(store: RealStore) -> None:
        await store.submit("a", "b")
        (runs,) = await store.take()
        store.client.lpush(store.key("queue", "default", "normal"), "a")
        await store.mended(misplaced=1)
        assert [delivery.job_id for delivery in await store.take(5)] == ["b"]
        assert await store.settle(runs)

    within(scenario)


def test_a_job_that_ended_and_waits_does_not_run_again(within: Within) -> None:
    """Nor one that is delayed as well, unless it is due."""

    async def scenario(store: RealStore) -> None:
        await store.submit("ended")
        await store.settle((await store.take())[0])
        await store.submit("later", due=FAR)
        await store.submit("now")
        store.client.rpush(store.key("queue", "mail", "high"), "ended", "later")
        store.client.zadd(store.key("delayed"), {"now": 1, "ended": FAR})
        await store.mended(misplaced=4)
        assert list(await store.drain()) == ["now"]
        assert (await store.queue.stats("default")).scheduled == 1

    within(scenario)


def test_a_job_that_waits_twice_runs_once(within: Within) -> None:
    """In one list or in two; the place nearest to its turn stays."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(600)))
        store.client.lpush(store.key("queue", "default", "normal"), "job-0", "job-300")
        store.client.rpush(store.key("queue", "mail", "high"), "job-5")
        store.client.zadd(store.key("ready"), {"mail": 0})
        await store.mended(queued_twice=3)
        assert store.client.lrange(store.key("queue", "mail", "high"), 0, -1) == [b"job-5"]
        assert len(await store.drain()) == 600

    within(scenario)


def test_a_job_in_the_wrong_hash_of_a_worker(within: Within) -> None:
    """The worker that its state names has it; what is noted elsewhere goes, and is not counted as running."""

    async def scenario(store: RealStore) -> None:
        await store.submit("runs", "waits")
        (runs,) = await store.take(worker="worker-1")
        await store.take(0, worker="worker-2")
        place = {"runs": "default normal", "waits": "default normal"}
        store.client.hset(store.key("processing", "worker-2"), mapping=place)
        store.client.hincrby(store.key("running"), "default", 2)
        await store.mended(misplaced=2)
        assert (await store.queue.stats("default")).processing == 1
        assert await store.settle(runs)
        assert list(await store.drain()) == ["waits"]

    within(scenario)


def test_a_dead_letter_of_another_queue(within: Within) -> None:
    """It is listed in its own; so it can be found and deleted."""

    async def scenario(store: RealStore) -> None:
        await store.submit("dead", queue="mail")
        await store.settle((await store.take())[0], JobEvent.DIED)
        store.client.rename(store.key("failed", "mail"), store.key("failed", "default"))
        await store.mended(not_indexed=1, misplaced=1)
        assert store.client.zrange(store.key("failed", "mail"), 0, -1) == [b"dead"]

    within(scenario)


def test_what_belongs_to_nobody(within: Within) -> None:
    """Unique keys, effects, mailboxes, idle workers."""

    async def scenario(store: RealStore) -> None:
        await store.submit("ended", unique="done")
        await store.settle((await store.take())[0], unique="done")
        store.client.set(store.key("unique", "done"), "ended")
        store.client.set(store.key("unique", "gone"), "nobody")
        store.client.hset(store.key("effects", "nobody"), "mail", "1")
        store.client.lpush(store.key("mailbox", "nobody"), "1")
        store.client.zadd(store.key("idle", "default"), {"nobody": 1, "worker-1": 2})
        store.client.hset(store.key("waiters"), mapping={"nobody": 1, "worker-1": 1})
        stale = b"gone default normal 1 0 7\n{}"
        store.client.rpush(store.key("mailbox", "worker-1"), "1", stale)
        await store.mended(
            unique_stale=2, effects_orphaned=1, mailbox_unknown=1, mailbox_stale=1, idle_unknown=2
        )
        assert store.client.zrange(store.key("idle", "default"), 0, -1) == [b"worker-1"]
        assert store.client.hkeys(store.key("waiters")) == [b"worker-1"]
        assert store.client.lrange(store.key("mailbox", "worker-1"), 0, -1) == [b"1"]

    within(scenario)


def test_leftovers_of_an_ordinary_life_are_no_findings(within: Within) -> None:
    """A queue whose last job was cancelled, index entries of expired jobs, an id that was used again."""

    async def scenario(store: RealStore) -> None:
        await store.submit("cancelled", "again", "dead")
        await store.store.cancel("cancelled", None)
        again, dead = await store.take(2)
        await store.settle(again, keep=timedelta(0))
        await store.settle(dead, JobEvent.DIED, keep=timedelta(0))
        await store.submit("again", queue="mail")
        await store.submit("again2")
        await store.store.cancel("again2", None)
        assert store.client.zscore(store.key("ready"), "default") is not None
        assert (await store.check(repair=True)).findings == []
        assert store.client.zscore(store.key("ready"), "default") is None
        assert store.client.exists(store.key("failed", "default")) == 0
        await store.take(mail=1)
        assert (await store.check(repair=True)).findings == []
        assert await store.status("again") is JobStatus.PROCESSING
        assert store.client.lrange(store.key("completed"), 0, -1) == []

    within(scenario)


def test_a_sweep_spares_a_dead_letter_whose_id_was_used_before(within: Within) -> None:
    """The first job of that id completed and expired; what is listed as completed is not the second one."""

    async def scenario(store: RealStore) -> None:
        await store.submit("again")
        await store.settle((await store.take())[0], keep=timedelta(0))
        await store.submit("again")
        await store.settle((await store.take())[0], JobEvent.DIED)
        await store.store.sweep(0)
        assert await store.status("again") is JobStatus.FAILED
        assert store.client.exists(store.key("completed")) == 0

    within(scenario)


def test_envelopes_that_others_wrote(within: Within) -> None:
    """Of a newer version, in another order, without spaces or with, or no JSON at all: where they wait, they wait."""

    async def scenario(store: RealStore) -> None:
        texts = {
            "newer": '{"v":2,"type":"t","queue":"mail","shape":{"unique":"no"},"unique":"n","payload":{}}',
            "spaced": '{ "payload": {"unique": "no"}, "unique": "s", "queue": "mail", "type": "t", "v": 1 }',
            "broken": '{"v":1,"type":"t","queue":"mail","payl',
            "inside": '{"v":1,"type":"t","queue":"mail","metadata":{"unique":"no"},"payload":{"unique":"no"}}',
            "long": '{"v":1,"type":"t","queue":"mail","unique":"l","payload":{"text":"' + "x" * 5000 + '"}}',
        }
        for job_id, text in texts.items():
            store.client.set(store.key("data", job_id), text)
            store.client.lpush(store.key("queue", "mail", "normal"), job_id)
        for unique in "nsl":
            job_id = {"n": "newer", "s": "spaced", "l": "long"}[unique]
            store.client.set(store.key("unique", unique), job_id)
        store.client.zadd(store.key("ready"), {"mail": 0})
        assert (await store.check()).findings == []
        store.client.delete(store.key("queue", "mail", "normal"))
        report = await store.check(repair=True)
        assert report.counts == {"not_queued": 5}
        assert store.client.llen(store.key("queue", "mail", "normal")) == 5, "the broken one tells its queue"

    within(scenario)


def test_a_check_changes_nothing(within: Within) -> None:
    """Not a byte, unless it is to repair."""

    async def scenario(store: RealStore) -> None:
        await store.submit("a", "b", "c", unique="u")
        await store.submit("d", due=FAR)
        await store.take()
        store.client.delete(
            store.key("queue", "default", "normal"), store.key("ready"), store.key("state", "a")
        )

        def dump() -> dict[bytes, bytes | None]:
            keys = store.client.keys(f"{store.keys.prefix}:*")
            return {key: store.client.dump(key) for key in keys}

        before = dump()
        assert (await store.check()).left > 0
        assert dump() == before

    within(scenario)


def test_a_newer_layout_is_left_alone(within: Within) -> None:
    """A release that does not know the keys must not mend them."""

    async def scenario(store: RealStore) -> None:
        store.client.hset(store.key("meta"), "layout", 99)
        for repair in (False, True):
            with pytest.raises(InvalidConfiguration, match="layout 99"):
                await store.check(repair=repair)

    within(scenario)


def test_a_report_of_very_many_findings_stays_small(within: Within) -> None:
    """The first are told in full, all are counted, and all are repaired."""

    async def scenario(store: RealStore) -> None:
        ids = [f"job-{number:04}" for number in range(1500)]
        for first in range(0, 1500, 500):
            await store.submit(*ids[first : first + 500])
        store.client.delete(store.key("queue", "default", "normal"), store.key("ready"))
        report: StoreReport = await store.check(repair=True)
        assert report.counts == {"not_queued": 1500}
        assert len(report.findings) == 1000
        assert (await store.check()).findings == []
        assert len(await store.drain()) == 1500

    within(scenario)
