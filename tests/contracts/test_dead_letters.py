"""Dead letters: what can never succeed stays, with all that is known about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.envelope import Message
from hexjobs.ports.job_store import JobQuery
from support.messages import message

CUT_OFF = b'{"v":1,"type":"report","payload":{"text":"abc'
NEWER = b'{"v":1,"type":"report","added":true,"payload":{"n":1.0e2, "s" : "\\u00e9"}}'


@pytest.mark.parametrize("data", [CUT_OFF, NEWER, b'{"v":1,"type":"report","payload":{"x":"\xff\xfe\x00"}}'])
async def test_its_bytes_stay_as_they_are(adapter: Adapter, data: bytes) -> None:
    """ "DIED dead-letters it with its last error and its data as they are" """
    await adapter.queue.enqueue([Message("bad", message().envelope, data)])
    delivery = await adapter.take_one()
    assert delivery.data == data
    assert await adapter.settle(delivery, JobEvent.DIED, error="malformed", reason="malformed_message")
    job = await adapter.job("bad")
    assert (job.data, job.status, job.error, job.reason) == (
        data,
        JobStatus.FAILED,
        "malformed",
        "malformed_message",
    )


async def test_the_last_error_stays(adapter: Adapter) -> None:
    """ "DIED dead-letters it with its last error" """
    await adapter.queue.enqueue([message("job")])
    await adapter.queue.nack(await adapter.take_one(), timedelta(milliseconds=20), "the first error")
    await adapter.until_due(20)
    await adapter.settle(await adapter.take_one(), JobEvent.DIED, error="the last error")
    job = await adapter.job("job")
    assert (job.error, job.attempt, job.reason) == ("the last error", 2, "died")


async def test_a_dead_letter_is_listed_and_counted(adapter: Adapter) -> None:
    """ "How many jobs of the queue are where." """
    await adapter.queue.enqueue([message("dead"), message("alive"), message("other", queue="q")])
    await adapter.settle(await adapter.take_one(), JobEvent.DIED)
    found = await adapter.store.find(JobQuery(status=JobStatus.FAILED), ["default", "q"])
    assert [job.job_id for job in found] == ["dead"]
    assert (await adapter.queue.stats("default")).failed == 1
    assert (await adapter.queue.stats("q")).failed == 0


async def test_nothing_removes_a_dead_letter_by_itself(adapter: Adapter) -> None:
    """ "`keep` is how long an ended job is kept (None: for ever)" """
    await adapter.queue.enqueue([message("dead")])
    await adapter.settle(await adapter.take_one(), JobEvent.DIED, keep=None)
    await adapter.until_due(60)
    assert await adapter.store.sweep(0) == 0
    assert (await adapter.job("dead")).status is JobStatus.FAILED


async def test_a_dead_letter_runs_again_when_asked(adapter: Adapter) -> None:
    """ "Put a failed or cancelled job at the tail of its level with its attempts and crashes at zero." """
    await adapter.queue.enqueue([message("dead")])
    delivery = await adapter.take_one()
    await adapter.settle(delivery, JobEvent.DIED)
    assert await adapter.store.retry("dead")
    again = await adapter.take_one()
    assert (again.job_id, again.attempt, again.data) == ("dead", 1, delivery.data)
    assert again.fence > delivery.fence
    assert (await adapter.queue.stats("default")).failed == 0
