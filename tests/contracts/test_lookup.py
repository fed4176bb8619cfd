"""JobStore.get, find, enqueued_counts and JobQueue.stats: what is where."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import msgspec
import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.job_store import JobQuery
from support.messages import message, messages

QUEUES = ["default", "mail"]
BY_STATUS = {
    JobStatus.PENDING: ["waiting", "mail"],
    JobStatus.SCHEDULED: ["later"],
    JobStatus.PROCESSING: ["running"],
    JobStatus.RETRYING: ["again"],
    JobStatus.COMPLETED: ["done"],
    JobStatus.FAILED: ["dead"],
    JobStatus.CANCELLED: ["stopped"],
}


async def _one_of_each(adapter: Adapter) -> None:
    await adapter.queue.enqueue([message(name) for name in ("running", "again", "done", "dead", "stopped")])
    _, again, done, dead = await adapter.take(limit=4)
    await adapter.queue.nack(again, timedelta(hours=1), "boom")
    await adapter.queue.ack(done, b"1")
    await adapter.settle(dead, JobEvent.DIED, error="boom")
    await adapter.store.cancel("stopped", None)
    await adapter.queue.enqueue([message("waiting"), message("later", due=adapter.now() + HOUR)])
    await adapter.queue.enqueue([message("mail", type="email", queue="mail", priority="high")])


async def _found(adapter: Adapter, query: JobQuery, queues: list[str] = QUEUES) -> list[str]:
    return sorted(job.job_id for job in await adapter.store.find(query, queues))


async def test_get_answers_in_the_order_of_the_ids(adapter: Adapter) -> None:
    """ "The jobs in the order of the ids, None for each unknown; each one is a consistent view." """
    await _one_of_each(adapter)
    found = await adapter.store.get(["mail", "nobody", "done", "mail"])
    assert [job and job.job_id for job in found] == ["mail", None, "done", "mail"]
    assert await adapter.store.get([]) == []


async def test_a_view_tells_all(adapter: Adapter) -> None:
    """ "A job as an adapter keeps it: its envelope's bytes and its state." """
    sent = message("job", queue="mail", priority="high", payload={"n": 1})
    await adapter.queue.enqueue([sent])
    waiting = await adapter.job("job")
    assert (waiting.data, waiting.queue, waiting.status) == (sent.data, "mail", JobStatus.PENDING)
    assert (waiting.attempt, waiting.crashes, waiting.due, waiting.started, waiting.finished) == (
        0,
        0,
        None,
        None,
        None,
    )
    assert (waiting.result, waiting.error, waiting.progress, waiting.worker_id) == (None, None, None, None)
    delivery = await adapter.take_one(queue="mail")
    await adapter.queue.ack(delivery, b'"ok"')
    done = await adapter.job("job")
    assert (done.status, done.attempt, done.result, done.reason) == (
        JobStatus.COMPLETED,
        1,
        b'"ok"',
        "succeeded",
    )
    assert done.started is not None
    assert done.finished is not None
    assert done.started <= done.finished
    assert (waiting.status, waiting.attempt) == (JobStatus.PENDING, 0), "an earlier view does not change"


@pytest.mark.parametrize("status", JobStatus)
async def test_find_by_status(adapter: Adapter, status: JobStatus) -> None:
    """ "Jobs that match, at most `query.limit`, after `query.offset` matches" """
    await _one_of_each(adapter)
    assert await _found(adapter, JobQuery(status=status)) == sorted(BY_STATUS[status])


async def test_find_any(adapter: Adapter) -> None:
    """ "None means any" """
    await _one_of_each(adapter)
    assert await _found(adapter, JobQuery()) == sorted(name for names in BY_STATUS.values() for name in names)


async def test_find_by_queue_and_type(adapter: Adapter) -> None:
    """ "Which jobs to list." """
    await _one_of_each(adapter)
    assert await _found(adapter, JobQuery(queue="mail")) == ["mail"]
    assert await _found(adapter, JobQuery(type="email")) == ["mail"]
    assert await _found(adapter, JobQuery(type="email", queue="default")) == []
    assert await _found(adapter, JobQuery(type="report", status=JobStatus.PENDING)) == ["waiting"]


async def test_find_looks_into_the_queues_given(adapter: Adapter) -> None:
    """ "`queues` are the ones to look into." """
    await adapter.queue.enqueue([message("mine", due=adapter.now() + HOUR)])
    await adapter.queue.enqueue([message("theirs", queue="mail", due=adapter.now() + HOUR)])
    await adapter.queue.enqueue([message("done", queue="mail"), message("running", queue="mail")])
    delivery, _ = await adapter.take(limit=2, queue="mail")
    await adapter.queue.ack(delivery)
    assert await _found(adapter, JobQuery(), ["default"]) == ["mine"]
    assert await _found(adapter, JobQuery(), ["mail"]) == ["done", "running", "theirs"]
    assert await _found(adapter, JobQuery(), []) == []


async def test_find_page_by_page(adapter: Adapter) -> None:
    """ "at most `query.limit`, after `query.offset` matches" """
    batch = messages(25) + messages(5, type="other")
    await adapter.queue.enqueue(batch)
    pages = [
        await _found(adapter, JobQuery(type="report", limit=10, offset=offset)) for offset in (0, 10, 20, 30)
    ]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert sorted(job_id for page in pages for job_id in page) == sorted(m.job_id for m in batch[:25])


async def test_counts_of_all_ever_enqueued(adapter: Adapter) -> None:
    """ "How many jobs were ever enqueued, by (type, priority, queue), by all processes together." """
    other = await adapter.two()
    assert await adapter.store.enqueued_counts() == {}
    await adapter.queue.enqueue(
        [message("a"), message("a"), message(priority="high"), message(due=adapter.now() + HOUR)]
    )
    await other.queue.enqueue([message(type="email", queue="mail"), message("a"), message("a", type="other")])
    await adapter.store.delete("a")
    assert await adapter.store.enqueued_counts() == {
        ("report", "normal", "default"): 2,
        ("report", "high", "default"): 1,
        ("email", "normal", "mail"): 1,
    }


async def test_stats_by_level(adapter: Adapter) -> None:
    """ "How many jobs of the queue are where." """
    await _one_of_each(adapter)
    await adapter.queue.enqueue(messages(2, priority="critical"))
    stats = await adapter.queue.stats("default")
    assert stats.name == "default"
    assert stats.by_priority == {"critical": 2, "high": 0, "normal": 1, "low": 0}
    assert (stats.waiting, stats.scheduled, stats.retrying) == (3, 1, 1)
    assert (stats.processing, stats.failed, stats.paused) == (1, 1, False)


async def test_stats_of_an_unknown_queue(adapter: Adapter) -> None:
    """ "How many jobs of one queue are where." """
    stats = await adapter.queue.stats("nothing-here")
    assert (stats.waiting, stats.processing, stats.failed, stats.oldest_waiting_seconds) == (0, 0, 0, None)


async def test_stats_of_many_queues(adapter: Adapter) -> None:
    """ "Likewise of each of these queues, in the order given." """
    assert await adapter.queue.stats_of([]) == []
    await _one_of_each(adapter)
    await adapter.queue.enqueue(messages(2, queue="mail", priority="critical"))
    names = ["mail", *(f"nothing-{number}" for number in range(120)), "default", "mail"]
    found = await adapter.queue.stats_of(names)
    assert [stats.name for stats in found] == names
    alone = {name: await adapter.queue.stats(name) for name in set(names)}
    since = {stats.name: stats.oldest_waiting_seconds for stats in found}
    for stats in found:
        one = msgspec.structs.replace(alone[stats.name], oldest_waiting_seconds=since[stats.name])
        assert stats == one
    assert [stats.waiting for stats in (found[0], found[1], found[-2])] == [3, 0, 1]


async def test_stats_tell_how_long_the_oldest_waits(adapter: Adapter) -> None:
    """ "How many jobs of the queue are where." """
    await adapter.queue.enqueue([message(at=adapter.now())])
    await adapter.until_due(80)
    await adapter.queue.enqueue([message(at=adapter.now(), priority="high")])
    waited = (await adapter.queue.stats("default")).oldest_waiting_seconds
    assert waited is not None
    assert 0.08 <= waited < 10


async def test_ping_returns(adapter: Adapter) -> None:
    """ "Return when the server answers" """
    await adapter.queue.ping()


async def test_how_many_go_before(adapter: Adapter) -> None:
    """ "How many waiting jobs of its queue go before this one; None when it does not wait in its queue." """
    await adapter.queue.enqueue([message("runs")])
    await adapter.take_one()
    batch = [message(job_id, priority="low") for job_id in ("first", "second", "third")]
    await adapter.queue.enqueue([*batch, *messages(4, priority="high"), *messages(9, queue="mail")])
    await adapter.queue.enqueue(
        [message("later", due=adapter.now() + HOUR), message("critical", priority="critical")]
    )
    found = {job_id: await adapter.store.ahead(job_id, 100) for job_id in ("first", "third", "critical")}
    assert found == {"first": 5, "third": 7, "critical": 0}
    assert [await adapter.store.ahead(job_id, 100) for job_id in ("runs", "later", "nobody")] == [None] * 3


async def test_how_many_go_before_is_counted_so_far(adapter: Adapter) -> None:
    """ "No further than `most` is counted: where there are more, the answer is `most` + 1." """
    await adapter.queue.enqueue([*messages(5, priority="high"), *messages(5), message("last")])
    assert [await adapter.store.ahead("last", most) for most in (0, 4, 6, 9, 10, 11)] == [1, 5, 7, 10, 10, 10]


async def test_find_by_everything_at_once(adapter: Adapter) -> None:
    """ "Jobs that match, at most `query.limit`, after `query.offset` matches" """
    await _one_of_each(adapter)
    kinds = {job_id: status for status, ids in BY_STATUS.items() for job_id in ids}
    places = {job_id: ("mail", "email") if job_id == "mail" else ("default", "report") for job_id in kinds}
    for status, queue, job_type in product((None, *JobStatus), (None, *QUEUES), (None, "report", "email")):
        wanted = sorted(
            job_id
            for job_id, (its_queue, its_type) in places.items()
            if status in (None, kinds[job_id]) and queue in (None, its_queue) and job_type in (None, its_type)
        )
        assert await _found(adapter, JobQuery(status, queue, job_type)) == wanted
