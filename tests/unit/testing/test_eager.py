"""TestJobs(eager=True): a submit runs its job at once, in the caller, and raises what the handler raised."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hexjobs import (
    BlockingJobContext,
    Fail,
    JobContext,
    JobFailed,
    JobNotFound,
    JobStatus,
    RetryLater,
    job_handler,
    on_start,
)
from hexjobs.testing import TestJobs
from support.run import run
from support.until import until
from support.worker_harness import handler_module


@contextmanager
def eager_with(*declared: Any) -> Iterator[TestJobs]:
    with handler_module(*declared) as name, TestJobs(handlers=[name], eager=True) as jobs:
        yield jobs


@job_handler("echo")
def echo(context: JobContext, payload: dict[str, Any]) -> Any:
    return payload["say"], threading.current_thread().name


@job_handler("fails")
def fails(context: JobContext, payload: dict[str, Any]) -> None:
    raise ConnectionError("away")


def test_a_submit_returns_when_its_job_has_run() -> None:
    """In the caller's thread; and of many, each."""
    with eager_with(echo) as jobs:
        job_id = jobs.service.submit_job("echo", {"say": 1})
        assert jobs.service.result(job_id) == [1, threading.current_thread().name]
        many = jobs.service.submit_jobs([("echo", {"say": n}) for n in range(3)])
        assert [jobs.service.result(str(job_id))[0] for job_id in many] == [0, 1, 2]


def test_a_submit_raises_what_the_handler_raised_and_the_retry_waits() -> None:
    """The job is there, and its clock runs."""
    with eager_with(fails) as jobs:
        with pytest.raises(ConnectionError, match="away"):
            jobs.service.submit_job("fails", {}, job_id="it")
        assert jobs.service.get_job_status("it") is JobStatus.RETRYING
        jobs.clock.advance("5s")
        assert len(jobs.drain().retried) == 1


def test_a_failure_that_was_returned_raises_too_but_a_snooze_does_not() -> None:
    """Nobody overlooks the one; the other is no failure."""

    @job_handler("returns")
    async def returns(context: JobContext, payload: dict[str, Any]) -> Any:
        return Fail("no such thing")

    @job_handler("snoozes")
    async def snoozes(context: JobContext, payload: dict[str, Any]) -> None:
        raise RetryLater(30)

    with eager_with(returns, snoozes) as jobs:
        with pytest.raises(JobFailed, match="no such thing"):
            jobs.service.submit_job("returns", {})
        job_id = jobs.service.submit_job("snoozes", {})
        assert jobs.service.get_job_status(job_id) is JobStatus.SCHEDULED


def test_a_delayed_job_waits_for_its_time() -> None:
    """It is due in a drain after the clock moved; until then no hook runs either."""
    started: list[bool] = []

    @on_start
    def starts() -> None:
        started.append(True)

    with eager_with(echo, starts) as jobs:
        job_id = jobs.service.submit_job("echo", {"say": 1}, delay="5m")
        assert not started
        assert jobs.service.get_job_status(job_id) is JobStatus.SCHEDULED
        jobs.clock.advance("5m")
        assert [job.job_id for job in jobs.drain().completed] == [job_id]


def test_handlers_submit_eagerly_too() -> None:
    """`def` in `async def` in `def`; the error of the innermost comes out at the outermost submit."""

    @job_handler("blocking")
    def blocking(context: BlockingJobContext, payload: dict[str, Any]) -> None:
        ran.append(threading.current_thread().name)
        context.submit_job("waiting" if payload["depth"] else "fails", {"depth": payload["depth"] - 1})

    @job_handler("waiting")
    async def waiting(context: JobContext, payload: dict[str, Any]) -> None:
        ran.append(threading.current_thread().name)
        await context.submit_job("blocking", {"depth": payload["depth"] - 1})

    ran: list[str] = []
    with eager_with(blocking, waiting, fails) as jobs, pytest.raises(ConnectionError, match="away"):
        jobs.service.submit_job("blocking", {"depth": 4})
    here = threading.current_thread().name
    assert ran == [here, "hexjobs-testing", here, "hexjobs-testing", here]


def test_a_submit_that_an_existing_job_answers_runs_nothing() -> None:
    """Nor is it counted as submitted."""
    with eager_with(echo) as jobs:
        first = jobs.service.submit_job("echo", {"say": 1}, unique_key="one", delay="1h")
        assert jobs.service.submit_job("echo", {"say": 2}, unique_key="one") == first
        assert [job.payload.value() for job in jobs.submitted] == [{"say": 1}]


def test_tasks_that_submit_at_once_each_hear_of_their_own_job() -> None:
    """Also where the submit of another one runs it: each returns when its own has run, with its own error."""

    @job_handler("slow")
    async def slow(context: JobContext, payload: dict[str, Any]) -> int:
        for _ in range(payload["n"] + 1):
            await asyncio.sleep(0)
        if payload["n"] % 2:
            raise ValueError(payload["n"])
        return int(payload["n"])

    async def submit(jobs: TestJobs, n: int) -> int:
        job_id = await jobs.async_service.submit_job("slow", {"n": n})
        return int(await jobs.async_service.result(job_id))

    async def test() -> list[Any]:
        async with TestJobs(handlers=[name], eager=True) as jobs:
            return await asyncio.gather(*(submit(jobs, n) for n in range(6)), return_exceptions=True)

    with handler_module(slow) as name:
        answers = run(test())
    assert answers[::2] == [0, 2, 4]
    assert [error.args for error in answers[1::2]] == [(1,), (3,), (5,)]


def test_a_submit_waits_for_its_job_where_another_submit_runs_it() -> None:
    """Two jobs of the first submit; the second submit takes the later of them before its own."""
    gates = [asyncio.Event() for _ in range(3)]
    taken: list[int] = []

    @job_handler("gated")
    async def gated(context: JobContext, payload: dict[str, Any]) -> None:
        taken.append(payload["n"])
        await gates[payload["n"]].wait()

    async def test() -> None:
        async with TestJobs(handlers=[name], eager=True) as jobs:
            first = asyncio.create_task(
                jobs.async_service.submit_jobs([("gated", {"n": 0}), ("gated", {"n": 1})])
            )
            await until(lambda: taken == [0])
            second = asyncio.create_task(jobs.async_service.submit_job("gated", {"n": 2}))
            await until(lambda: taken == [0, 1])
            gates[0].set()
            gates[2].set()
            done, _ = await asyncio.wait({first}, timeout=0.1)
            assert not done, "its second job still runs"
            gates[1].set()
            await asyncio.gather(first, second)
            assert taken == [0, 1, 2]

    with handler_module(gated) as name:
        run(test())


def test_a_job_that_another_one_removes_before_its_turn_holds_nobody_up() -> None:
    """Its submit returns."""

    @job_handler("removes")
    async def removes(context: JobContext, payload: dict[str, Any]) -> None:
        await jobs.async_service.cancel_job("victim")
        await jobs.async_service.delete_job("victim")

    with eager_with(echo, removes) as jobs:
        jobs.service.submit_jobs([("removes", {}), ("echo", {"say": 1}, {"job_id": "victim"})])
        with pytest.raises(JobNotFound):
            jobs.service.get_job("victim")
