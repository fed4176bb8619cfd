"""A key that is gone: what a check finds, what it repairs, and that the jobs go on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from support.real_store import RealStore, Within

FAR = 1 << 42
DAY = timedelta(days=1)


def test_data_of_a_waiting_job(within: Within) -> None:
    """It is dead-lettered, in its queue, with what its state told; it can be looked at, not retried, and deleted."""

    async def scenario(store: RealStore) -> None:
        await store.submit("whole", "lost", queue="mail")
        await store.settle((await store.take(2))[1], JobEvent.GIVEN_BACK)
        store.client.delete(store.key("data", "lost"))
        (finding,) = (await store.mended(data_lost=1)).findings
        assert (finding.job_id, finding.where) == ("lost", store.key("queue", "mail", "normal"))
        assert finding.text == "its data are lost (waiting): it cannot run again"
        job = await store.job("lost")
        assert (job.status, job.reason, job.queue, job.attempt) == (JobStatus.FAILED, "data_lost", "mail", 0)
        with pytest.raises(IllegalTransition, match="its data are lost"):
            await store.store.retry("lost")
        assert await store.store.delete("lost")
        assert (await store.check()).findings == []

    within(scenario)


@pytest.mark.parametrize("how", ["scheduled", "retrying"])
def test_data_of_a_delayed_job(within: Within, how: str) -> None:
    """Its counter is put right as well."""

    async def scenario(store: RealStore) -> None:
        await store.submit("lost", **({"due": FAR} if how == "scheduled" else {}))
        for delivery in await store.take():
            await store.settle(delivery, JobEvent.ERRED, delay=DAY)
        store.client.delete(store.key("data", "lost"))
        await store.mended(data_lost=1, count_wrong=1)
        assert (await store.job("lost")).reason == "data_lost"
        assert (await store.queue.stats("default")).scheduled == 0

    within(scenario)


def test_data_of_a_running_job(within: Within) -> None:
    """Its worker has them: it may end; a retry is impossible, so a failed run ends as a dead letter."""

    async def scenario(store: RealStore) -> None:
        await store.submit("ends", "errs", "dies")
        ends, errs, _ = [*await store.take(2), *await store.take(worker="worker-2")]
        for job_id in ("ends", "errs", "dies"):
            store.client.delete(store.key("data", job_id))
        await store.mended(data_lost=3)
        assert await store.settle(ends, result=b"1")
        assert await store.settle(errs, JobEvent.ERRED, delay=DAY)
        await store.leases.take_over("worker-2", None)
        assert (await store.check()).counts["data_lost"] == 2
        assert (await store.check(repair=True)).left == 0
        assert (await store.check()).findings == []
        found = [await store.job(job_id) for job_id in ("ends", "errs", "dies")]
        assert [job.status for job in found] == [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.FAILED]
        assert found[0].result == b"1"

    within(scenario)


def test_data_of_jobs_that_ended(within: Within) -> None:
    """They stay as they are: looked at, never run again."""

    async def scenario(store: RealStore) -> None:
        await store.submit("completed", "failed", "cancelled", queue="mail")
        for delivery, event in zip(
            await store.take(3),
            (JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.DISCARDED),
            strict=True,
        ):
            await store.settle(delivery, event, error="why", reason="as_told")
            store.client.delete(store.key("data", delivery.job_id))
        await store.mended(data_lost=3)
        for status in ("completed", "failed", "cancelled"):
            job = await store.job(status)
            assert (job.status, job.reason, job.error) == (status, "as_told", "why")
        assert await store.store.delete("failed")

    within(scenario)


def test_state_of_a_running_job(within: Within) -> None:
    """It goes to the head of its queue and runs again; the late result is refused."""

    async def scenario(store: RealStore) -> None:
        await store.submit("lost", "next", queue="mail")
        (late,) = await store.take()
        store.client.delete(store.key("state", "lost"))
        await store.mended(state_lost=1)
        assert not await store.settle(late)
        assert (await store.queue.stats("mail")).processing == 0
        assert list(await store.drain()) == ["lost", "next"]

    within(scenario)


@pytest.mark.parametrize("keep", [DAY, None])
def test_state_of_jobs_that_ended(within: Within, keep: timedelta | None) -> None:
    """They have ended all the same and do not run again; where data expire, the new state does with them."""

    async def scenario(store: RealStore) -> None:
        await store.submit("completed", "failed", "cancelled", "other")
        events = (JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.DISCARDED)
        for delivery, event in zip(await store.take(3), events, strict=True):
            await store.settle(delivery, event, keep=keep)
            store.client.delete(store.key("state", delivery.job_id))
        await store.mended(state_lost=3)
        for status in ("completed", "failed", "cancelled"):
            job = await store.job(status)
            assert (job.status, job.reason) == (status, "state_lost")
            assert job.finished
            left = store.client.pttl(store.key("state", status))
            assert (left == -1) if keep is None else (0 < left <= 86_400_000)
        assert list(await store.drain()) == ["other"]

    within(scenario)


def test_a_list_of_waiting_jobs(within: Within) -> None:
    """They go back in the order of their submits: by their ids where those are UUIDv7, else by the time in the data."""

    async def scenario(store: RealStore) -> None:
        first, last = "0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10", "0199f3c3-7d1e-7c39-a1b0-5a4b8c2f9d10"
        await store.submit(last)
        await store.submit("z-old", at=5)
        await store.submit("a-new", at=1 << 44)
        await store.submit(first)
        store.client.delete(store.key("queue", "default", "normal"))
        await store.mended(not_queued=4)
        assert list(await store.drain()) == ["z-old", first, last, "a-new"]

    within(scenario)


def test_the_delayed_set(within: Within) -> None:
    """Each waits for its own time again, by its state or its envelope; what is due by now runs."""

    async def scenario(store: RealStore) -> None:
        await store.submit("scheduled", due=FAR)
        await store.submit("due", due=1)
        await store.submit("retrying", "snoozed", queue="mail")
        for delivery, event in zip(
            await store.take(2, mail=1), (JobEvent.ERRED, JobEvent.SNOOZED), strict=True
        ):
            await store.settle(delivery, event, delay=DAY)
        before = store.client.zrange(store.key("delayed"), 0, -1, withscores=True)
        await store.submit("fresh", due=1)
        store.client.delete(store.key("delayed"))
        report = await store.check(repair=True)
        assert report.counts["not_delayed"] == 3
        assert report.counts["not_queued"] == 1
        assert (await store.check()).findings == []
        assert [pair for pair in before if pair[0] != b"due"] == store.client.zrange(
            store.key("delayed"), 0, -1, withscores=True
        )
        assert sorted(await store.drain()) == ["due", "fresh"]

    within(scenario)


def test_the_counters(within: Within) -> None:
    """Those of delayed and of running jobs."""

    async def scenario(store: RealStore) -> None:
        await store.submit("a", "b", due=FAR)
        await store.submit("c", "d", queue="mail")
        await store.take(2)
        store.client.delete(store.key("delayed", "counts"), store.key("running"))
        await store.mended(count_wrong=2)
        assert (await store.queue.stats("default")).scheduled == 2
        assert (await store.queue.stats("mail")).processing == 2
        store.client.hincrby(store.key("running"), "ghost", 3)
        report = await store.mended(count_wrong=1)
        assert report.findings[0].text == "the counter says 3 for ghost, and there are 0"

    within(scenario)


def test_what_a_worker_has(within: Within) -> None:
    """It has its jobs again while its lease is alive; else they are given back, one crash counted."""

    async def scenario(store: RealStore) -> None:
        await store.submit("here", "there")
        (here,), _ = await store.take(), await store.take(worker="worker-2")
        store.client.delete(store.key("processing", "worker-1"), store.key("processing", "worker-2"))
        for key in ("workers", "beats"):
            store.client.hdel(store.key(key), "worker-2")
        await store.mended(not_processing=2)
        there = await store.job("there")
        assert (there.status, there.crashes, there.attempt) == (JobStatus.PENDING, 1, 0)
        assert await store.settle(here)
        assert list(await store.drain()) == ["there"]

    within(scenario)


def test_the_workers(within: Within) -> None:
    """A worker that beats is listed again; one without a beat, known or not, loses its jobs: one crash, no attempt."""

    async def scenario(store: RealStore) -> None:
        await store.submit("a", "b", "c")
        for worker in ("alive", "silent", "unknown"):
            await store.take(worker=worker)
        store.client.hdel(store.key("workers"), "alive", "unknown")
        store.client.hdel(store.key("beats"), "silent", "unknown")
        await store.mended(worker_unlisted=1, worker_silent=1, worker_unknown=1)
        assert [await store.status(job_id) for job_id in "abc"] == ["processing", "pending", "pending"]
        assert [(await store.job(job_id)).crashes for job_id in "abc"] == [0, 1, 1]
        assert [worker.worker_id for worker in await store.leases.workers()] == ["alive"]

    within(scenario)


def test_the_queues_that_are_ready(within: Within) -> None:
    """Whether one of them is missing or all."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(5)))
        await store.submit("mail", queue="mail")
        for delivery in await store.take(3, default=1):
            await store.settle(delivery)
        store.client.zrem(store.key("ready"), "mail")
        await store.mended(not_ready=1)
        store.client.delete(store.key("ready"))
        await store.mended(not_ready=2)
        assert len(await store.drain()) == 3

    within(scenario)


def test_the_lists_of_ended_jobs(within: Within) -> None:
    """In the order in which they ended; dead letters by the time of their death."""

    async def scenario(store: RealStore) -> None:
        await store.submit(*(f"job-{number}" for number in range(6)))
        events = [JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.DISCARDED]
        for number, delivery in enumerate(await store.take(6)):
            await store.settle(delivery, events[number % 3])
            name = store.key("state", delivery.job_id)
            state = json.loads(store.client.get(name))
            state["finished"] = str(int(state["finished"]) + number)
            store.client.set(name, json.dumps(state, separators=(",", ":")), keepttl=True)
        for job_id, score in store.client.zscan(store.key("failed", "default"))[1]:
            finished = (await store.job(job_id.decode())).finished
            store.client.zadd(store.key("failed", "default"), {job_id: finished or score})
        names = [store.key(name) for name in ("completed", "cancelled")]
        lists = [store.client.lrange(name, 0, -1) for name in names]
        dead = store.client.zrange(store.key("failed", "default"), 0, -1, withscores=True)
        store.client.delete(*names, store.key("failed", "default"))
        await store.mended(not_indexed=6)
        assert [sorted(store.client.lrange(name, 0, -1)) for name in names] == [sorted(ids) for ids in lists]
        for name in names:
            ids = [job_id.decode() for job_id in store.client.lrange(name, 0, -1)]
            ends = [(await store.job(job_id)).finished or 0 for job_id in ids]
            assert ends == sorted(ends, reverse=True)
        assert store.client.zrange(store.key("failed", "default"), 0, -1, withscores=True) == dead

    within(scenario)


def test_unique_keys(within: Within) -> None:
    """Unfinished jobs have theirs; where another job has it by now, both go on."""

    async def scenario(store: RealStore) -> None:
        await store.submit("waits", unique="a")
        await store.submit("delayed", unique='b "quoted"', due=FAR)
        await store.submit("first", unique="c")
        store.client.delete(store.key("unique", "a"), store.key("unique", 'b "quoted"'))
        await store.mended(unique_missing=2)
        store.client.delete(store.key("unique", "c"))
        await store.submit("second", unique="c")
        assert (await store.check()).findings == []
        await store.submit("third", unique="a")
        assert await store.status("third") is None

    within(scenario)


def test_the_fence(within: Within) -> None:
    """A token is never given out twice."""

    async def scenario(store: RealStore) -> None:
        await store.submit("a", "b")
        (first,) = await store.take()
        store.client.set(store.key("fence"), first.fence - 1)
        await store.mended(fence_behind=1)
        store.client.delete(store.key("fence"))
        await store.mended(fence_behind=1)
        assert (await store.take())[0].fence > first.fence

    within(scenario)


def test_what_cannot_be_retried_says_so(within: Within) -> None:
    """A running job is none of these: nothing is changed."""

    async def scenario(store: RealStore) -> None:
        await store.submit("runs")
        await store.take()
        assert (await store.check(repair=True)).findings == []
        with pytest.raises(IllegalTransition):
            await store.store.retry("runs")

    within(scenario)
