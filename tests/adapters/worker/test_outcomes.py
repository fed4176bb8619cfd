"""What runs of handlers come to, through a real worker on the in-memory adapter."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from hexjobs import (
    AsyncBackgroundJobService,
    Discard,
    Done,
    Fail,
    JobContext,
    JobFailed,
    JobStatus,
    PermanentError,
    Retry,
    RetryLater,
    Snooze,
    job_handler,
)
from hexjobs.domain.jobs.base import BaseJob
from hexjobs.ports.envelope import Envelope, Message
from support.run import run
from support.until import until
from support.worker_harness import working

SOON = timedelta(seconds=10)


def outcome(declared: Any, payload: dict[str, Any] | None = None, **options: Any) -> BaseJob:
    """The job after its end."""

    async def scenario() -> BaseJob:
        async with working(declared, worker_pool={"retry_delay": "1ms"}) as (jobs, _):
            return await jobs.wait_for(await jobs.submit_job(declared, payload or {}, **options), SOON)

    return run(scenario())


async def _is(jobs: AsyncBackgroundJobService, job_id: str, status: JobStatus) -> bool:
    return await jobs.get_job_status(job_id) is status


async def _progressed(jobs: AsyncBackgroundJobService, job_id: str, progress: Any) -> bool:
    return bool((await jobs.get_job(job_id)).progress == progress)


class Numbers(BaseModel):
    """A payload."""

    a: int
    b: int = 2


@job_handler("waits")
async def add(context: JobContext, payload: Numbers) -> dict[str, int]:
    """Adds on the event loop."""
    return {"sum": payload.a + payload.b, "attempt": context.attempt}


@job_handler("blocks")
def add_in_thread(context: JobContext, payload: Numbers) -> dict[str, int]:
    """Adds in a thread."""
    return {"sum": payload.a + payload.b, "attempt": context.attempt}


@pytest.mark.parametrize("handler", [add, add_in_thread])
def test_what_a_handler_returns_is_the_result(handler: Any) -> None:
    """`async def` and `def` alike; the payload is the model's instance."""
    job = outcome(handler, {"a": 1})
    assert (job.status, job.result, job.attempt) == (JobStatus.COMPLETED, {"sum": 3, "attempt": 1}, 1)


@pytest.mark.parametrize(
    "raised", [ValueError("no"), SystemExit(3), RecursionError(), MemoryError(), BaseException("b")]
)
@pytest.mark.parametrize("in_thread", [False, True])
def test_an_exception_retries_and_then_dead_letters(raised: BaseException, in_thread: bool) -> None:
    """Whatever is raised costs an attempt and never the worker; the last error is kept."""
    runs: list[int] = []

    def fail(context: JobContext, payload: dict[str, Any]) -> None:
        runs.append(context.attempt)
        raise raised

    async def fail_waiting(context: JobContext, payload: dict[str, Any]) -> None:
        fail(context, payload)

    job = outcome(job_handler("fails", max_retries=2)(fail if in_thread else fail_waiting))
    assert runs == [1, 2, 3]
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "attempts_exhausted", 3)
    assert type(raised).__name__ in (job.error or "")


def test_a_job_that_fails_twice_and_then_succeeds() -> None:
    """Retries go on until one run succeeds."""

    @job_handler("flaky")
    async def flaky(context: JobContext, payload: dict[str, Any]) -> int:
        if context.attempt < 3:
            raise ConnectionError("not yet")
        return context.attempt

    job = outcome(flaky)
    assert (job.status, job.result, job.attempt) == (JobStatus.COMPLETED, 3, 3)


def test_a_permanent_error_dead_letters_at_once() -> None:
    """PermanentError means no retry."""

    @job_handler("never")
    async def never(context: JobContext, payload: dict[str, Any]) -> None:
        raise PermanentError("wrong account")

    job = outcome(never)
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "permanent_error", 1)
    assert "wrong account" in (job.error or "")


@pytest.mark.parametrize("says", ["raise", "return"])
def test_later_spends_no_attempt(says: str) -> None:
    """RetryLater and Snooze run the job again with the same attempt."""
    seen: list[int] = []

    @job_handler("later", max_retries=0)
    async def later(context: JobContext, payload: dict[str, Any]) -> Any:
        seen.append(context.attempt)
        if len(seen) < 3:
            if says == "raise":
                raise RetryLater(0.001)
            return Snooze(timedelta(milliseconds=1))
        return "done"

    job = outcome(later)
    assert (seen, job.status, job.result) == ([1, 1, 1], JobStatus.COMPLETED, "done")


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        (Done({"x": 1}), JobStatus.COMPLETED, "succeeded"),
        (Fail("bad", "poisoned"), JobStatus.FAILED, "poisoned"),
        (Discard("outdated"), JobStatus.CANCELLED, "outdated"),
        (Retry("again", timedelta(0)), JobStatus.FAILED, "attempts_exhausted"),
    ],
)
def test_an_outcome_value_says_it_outright(value: Any, status: JobStatus, reason: str) -> None:
    """A returned outcome decides, whatever else the handler did."""

    @job_handler("outright", max_retries=1)
    async def outright(context: JobContext, payload: dict[str, Any]) -> Any:
        return value

    job = outcome(outright)
    assert (job.status, job.reason) == (status, reason)


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), {"deep": object()}, "x" * 300_000], ids=type)
def test_a_result_that_cannot_be_kept_is_dead_lettered(value: Any) -> None:
    """The job is not run again for it, and the error names the place."""

    @job_handler("odd")
    async def odd(context: JobContext, payload: dict[str, Any]) -> Any:
        return value

    job = outcome(odd)
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "invalid_result", 1)
    assert "result" in (job.error or "")


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_timeout_ends_the_run_and_frees_the_slot(in_thread: bool) -> None:
    """The job fails like any other; the next one runs in the same, only slot."""
    released = threading.Event()
    cancelled: list[bool] = []

    def hang(context: JobContext, payload: dict[str, Any]) -> None:
        try:
            released.wait(20)
        finally:
            cancelled.append(context.cancelled)

    async def hang_waiting(context: JobContext, payload: dict[str, Any]) -> None:
        await asyncio.sleep(20)

    handler = job_handler("hangs", timeout="50ms", max_retries=0)(hang if in_thread else hang_waiting)

    async def scenario() -> None:
        async with working(handler, add, worker_pool={"worker_count": 1}) as (jobs, _):
            stuck = await jobs.submit_job(handler, {})
            following = await jobs.submit_job(add, Numbers(a=1))
            job = await jobs.wait_for(stuck, SOON)
            assert (job.status, job.attempt) == (JobStatus.FAILED, 1)
            assert "timeout" in (job.error or "")
            assert (await jobs.wait_for(following, SOON)).status is JobStatus.COMPLETED
            released.set()
            await until(lambda: cancelled or not in_thread)

    run(scenario())
    assert cancelled == ([True] if in_thread else []), "a thread that goes on is told"


def test_a_timeout_of_the_handler_itself_is_an_error_like_any_other() -> None:
    """TimeoutError raised inside is not taken for ours."""

    @job_handler("own", max_retries=0)
    async def own(context: JobContext, payload: dict[str, Any]) -> None:
        raise TimeoutError("the bank did not answer")

    assert "the bank did not answer" in (outcome(own).error or "")


def test_expired_and_past_its_deadline() -> None:
    """Such a job is cancelled and never run."""

    @job_handler("late")
    async def late(context: JobContext, payload: dict[str, Any]) -> None:
        raise AssertionError("it ran")

    past = datetime.now(UTC) - timedelta(seconds=1)
    for name, reason in (("expires_at", "expired"), ("deadline", "deadline")):
        options: dict[str, Any] = {name: past}
        job = outcome(late, **options)
        assert (job.status, job.reason) == (JobStatus.CANCELLED, reason)


def test_no_run_goes_on_after_the_deadline() -> None:
    """The deadline stops a run, and no retry follows."""

    @job_handler("long", retry_delay="1h")
    async def long(context: JobContext, payload: dict[str, Any]) -> None:
        await asyncio.sleep(20)

    job = outcome(long, deadline=datetime.now(UTC) + timedelta(seconds=1))
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "deadline", 1)


def test_what_cannot_be_read_is_dead_lettered_with_its_bytes() -> None:
    """Unknown type, malformed envelope and unfit payload: each with its reason, and its data as they were."""

    async def scenario() -> None:
        async with working(add) as (jobs, worker):
            queue = worker._queue
            known = {
                "unknown_type": Message.of("a", Envelope(1, "nobody")),
                "malformed": Message("b", Envelope(1, "x"), b"\xff{ not json"),
                "invalid_payload": Message.of("c", Envelope(1, "waits")),
            }
            await queue.enqueue(list(known.values()))
            for reason, message in known.items():
                job = await jobs.wait_for(message.job_id, SOON)
                assert (job.status, job.reason) == (JobStatus.FAILED, reason)
                [stored] = await jobs._use_cases.queries.store.get([message.job_id])
                assert stored is not None
                assert stored.data == message.data
                with pytest.raises(JobFailed, match=reason):
                    await jobs.result(message.job_id)

    run(scenario())


def test_an_envelope_of_a_newer_version_waits_for_a_newer_worker() -> None:
    """It is put off, spends no attempt, and is not dead-lettered."""

    async def scenario() -> None:
        async with working(add) as (jobs, worker):
            newer = Message("new", Envelope(2, "waits"), b'{"v":2,"type":"waits","shape":[1]}')
            await worker._queue.enqueue([newer])
            await until(lambda: _is(jobs, "new", JobStatus.SCHEDULED))
            job = await jobs.get_job("new")
            assert (job.attempt, job.reason) == (0, "newer_version")

    run(scenario())


def test_a_fault_of_our_own_is_dead_lettered_for_a_person_to_see() -> None:
    """A backoff that raises leaves no job behind in processing, and the slot is free again."""

    def broken(attempt: int) -> timedelta:
        raise ZeroDivisionError("backoff")

    @job_handler("unlucky", backoff=broken)
    async def unlucky(context: JobContext, payload: dict[str, Any]) -> None:
        raise ValueError("retry me")

    job = outcome(unlucky)
    assert (job.status, job.reason) == (JobStatus.FAILED, "internal_error")
    assert "ZeroDivisionError" in (job.error or "")


def test_progress_is_kept_with_the_job() -> None:
    """The latest value, from either kind of handler, while the job runs."""

    async def scenario() -> None:
        release = asyncio.Event()

        @job_handler("steps")
        async def steps(context: JobContext, payload: dict[str, Any]) -> None:
            context.progress({"done": 1})
            context.progress({"done": 2})
            await release.wait()

        async with working(steps) as (jobs, _):
            job_id = await jobs.submit_job(steps, {})
            await until(lambda: _progressed(jobs, job_id, {"done": 2}))
            release.set()
            assert (await jobs.wait_for(job_id, SOON)).status is JobStatus.COMPLETED

    run(scenario())


@pytest.mark.parametrize("in_thread", [False, True])
def test_the_last_progress_is_not_overtaken_by_the_end(in_thread: bool) -> None:
    """What a handler says right before it returns is kept."""

    def last(context: JobContext, payload: dict[str, Any]) -> None:
        context.progress({"done": "all"})

    async def last_waiting(context: JobContext, payload: dict[str, Any]) -> None:
        last(context, payload)

    assert outcome(job_handler("last")(last if in_thread else last_waiting)).progress == {"done": "all"}


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_handler_submits_another_job(in_thread: bool) -> None:
    """`await context.submit_job` in `async def`, plain in `def`."""

    async def parent(context: JobContext, payload: dict[str, Any]) -> str:
        return await context.submit_job(add, Numbers(a=5))

    def parent_in_thread(context: Any, payload: dict[str, Any]) -> str:
        child: str = context.submit_job(add, Numbers(a=5))
        return child

    handler = job_handler("parent")(parent_in_thread if in_thread else parent)

    async def scenario() -> None:
        async with working(handler, add) as (jobs, _):
            job = await jobs.wait_for(await jobs.submit_job(handler, {}), SOON)
            child = await jobs.wait_for(job.result, SOON)
            assert child.result == {"sum": 7, "attempt": 1}

    run(scenario())
