"""The text of a job's state: what stands in it, and what becomes of one that cannot be read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from support.messages import message
from support.real_store import RealStore, Within

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)
STRANGE = 'a "quoted" \\ line\nand \x00, \x7f, é, 漢字, 🐎'


def state(store: RealStore, job_id: str) -> dict[str, Any]:
    """What anybody reads there with any parser of JSON."""
    found: dict[str, Any] = json.loads(store.client.get(store.key("state", job_id)))
    return found


async def fetch(store: RealStore) -> Any:
    """The next delivery."""
    return (await store.queue.dequeue(Subscription("worker-1", {"default": 1}), 1, AT_ONCE))[0]


def test_a_first_run_and_its_end(within: Within) -> None:
    """All values are strings, the status comes first, and nothing is there before the first fetch."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("job")])
        assert not store.client.exists(store.key("state", "job"))
        delivery = await fetch(store)
        runs = state(store, "job")
        assert list(runs) == ["status", "attempt", "fence", "started", "worker"]
        assert (runs["status"], runs["attempt"], runs["worker"]) == ("processing", "1", "worker-1")
        assert runs["fence"] == str(delivery.fence)
        await store.queue.settle(
            [Settlement(delivery, JobEvent.SUCCEEDED, keep=HOUR, result=b'{"a":"\\u00e9"}')]
        )
        ended = state(store, "job")
        assert ended["finished"].isdigit()
        changed = {
            "status": "completed",
            "finished": ended["finished"],
            "reason": "succeeded",
            "result": '{"a":"\\u00e9"}',
        }
        assert ended == runs | changed
        assert store.client.get(store.key("state", "job")).startswith(b'{"status":"completed",')
        assert 0 < store.client.pttl(store.key("state", "job")) <= 3_600_000

    within(scenario)


def test_what_was_said_of_earlier_runs_is_replaced(within: Within) -> None:
    """A job that failed, ran again and succeeded has the reason of its end, and is not retrying until it is fetched."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("job")])
        await store.queue.settle(
            [Settlement(await fetch(store), JobEvent.ERRED, delay=AT_ONCE, error="first")]
        )
        assert (state(store, "job")["status"], state(store, "job")["error"]) == ("retrying", "first")
        again = await fetch(store)
        assert (again.attempt, state(store, "job")["attempt"]) == (2, "2")
        await store.queue.settle([Settlement(again, JobEvent.DIED, error="second")])
        job = await store.job("job")
        assert (job.status, job.attempt, job.reason, job.error) == (JobStatus.FAILED, 2, "died", "second")
        assert store.client.pttl(store.key("state", "job")) == -1

    within(scenario)


def test_one_that_is_moved_and_run_now_is_due_no_more(within: Within) -> None:
    """Its state tells to when it was moved last."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("job", due=4_000_000_000_000)])
        assert await store.store.reschedule("job", 4_100_000_000_000)
        assert state(store, "job") == {
            "status": "scheduled",
            "due": "4100000000000",
            "moved": "4100000000000",
        }
        assert await store.store.reschedule("job", None)
        assert set(state(store, "job")) == {"status", "moved"}

    within(scenario)


def test_a_mended_state_ends_when_it_would_have(within: Within) -> None:
    """That the data of an ended job are lost is noted, and gone with the job's retention."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("job")])
        await store.queue.settle([Settlement(await fetch(store), JobEvent.SUCCEEDED, keep=HOUR)])
        store.client.delete(store.key("data", "job"))
        await store.mended(data_lost=1)
        assert state(store, "job")["lost"].isdigit()
        assert 0 < store.client.pttl(store.key("state", "job")) <= 3_600_000

    within(scenario)


def test_a_retry_whose_time_has_come_waits(within: Within) -> None:
    """Also while another one is run: it is pending, and due no more."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("one"), message("two")])
        for delivery in (await fetch(store), await fetch(store)):
            await store.queue.settle([Settlement(delivery, JobEvent.ERRED, delay=AT_ONCE, error="first")])
        taken = (await fetch(store)).job_id
        waits = state(store, "two" if taken == "one" else "one")
        assert (waits["status"], waits["attempt"], "due" in waits) == ("pending", "1", False)

    within(scenario)


def test_strange_texts_come_back(within: Within) -> None:
    """Of errors, results and progress, through every way in which a state is written."""

    async def scenario(store: RealStore) -> None:
        result = json.dumps(STRANGE).encode()
        await store.queue.enqueue([message("fails"), message("ends")])
        fails, ends = await fetch(store), await fetch(store)
        progress = json.dumps({"note": STRANGE}).encode()
        assert await store.store.save_progress("ends", ends.fence, progress)
        await store.queue.settle(
            [
                Settlement(fails, JobEvent.ERRED, delay=HOUR, error=STRANGE),
                Settlement(ends, JobEvent.SUCCEEDED, result=result),
            ]
        )
        assert (await store.job("fails")).error == STRANGE
        job = await store.job("ends")
        assert (job.result, job.progress) == (result, {"note": STRANGE})

    within(scenario)


def test_a_state_that_cannot_be_read(within: Within) -> None:
    """The job is what its place says, as where its state is lost; and it can be run."""

    async def scenario(store: RealStore) -> None:
        await store.queue.enqueue([message("job")])
        store.client.set(store.key("state", "job"), b'{"status":"processing"\xff')
        assert (await store.job("job")).status is JobStatus.PENDING
        assert await store.queue.ack(await fetch(store))
        assert (await store.job("job")).status is JobStatus.COMPLETED

    within(scenario)
