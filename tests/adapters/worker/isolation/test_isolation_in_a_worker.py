"""Isolated handlers under a real worker: timeouts, cancels, stops and crashes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import AsyncBackgroundJobService, JobStatus, JobType
from hexjobs.adapters.worker.process_worker import ProcessWorker
from hexjobs.adapters.worker.thread_caller import ThreadCaller
from hexjobs.application.handler_registry import BoundHandler
from hexjobs.domain.jobs.base import BaseJob
from hexjobs.testing import TestJobs
from support.isolation import MODULE, context_of, descendants, is_gone
from support.run import run
from support.until import until
from support.worker_harness import container_with

SOON = timedelta(seconds=15)


@asynccontextmanager
async def working(**pool: Any) -> AsyncIterator[tuple[AsyncBackgroundJobService, ProcessWorker]]:
    """A worker for the handlers of the module, whose helper has started; no process is left behind it."""
    before = set(descendants())  # such as the server of another suite in the same run
    container = container_with(MODULE, worker_pool={"retry_delay": "1ms", **pool})
    service, worker = AsyncBackgroundJobService(container), container.worker()
    container.progress().attach()
    await worker.start()
    try:
        warm = await service.wait_for(await service.submit_job("comes_to", {"way": "nothing"}), SOON)
        assert warm.status is JobStatus.COMPLETED
        yield service, worker
    finally:
        await worker.stop()
        container.caller().close()
        await service.close()
        assert set(descendants()) <= before


async def _told(jobs: AsyncBackgroundJobService, job_id: str) -> Any:
    """The progress of a job, once there is some."""
    await until(lambda: _has_progress(jobs, job_id))
    return (await jobs.get_job(job_id)).progress


async def _has_progress(jobs: AsyncBackgroundJobService, job_id: str) -> bool:
    return (await jobs.get_job(job_id)).progress is not None


def outcome(job_type: str, payload: dict[str, Any] | None = None, **options: Any) -> BaseJob:
    """The job after its end."""

    async def scenario() -> BaseJob:
        async with working() as (jobs, _):
            return await jobs.wait_for(await jobs.submit_job(job_type, payload or {}, **options), SOON)

    return run(scenario())


def test_a_timeout_gives_the_slot_back() -> None:
    """A regular expression without an end holds the interpreter; two seconds after the timeout nothing of it is left."""

    async def scenario() -> None:
        async with working(worker_count=1) as (jobs, worker):
            job_id = await jobs.submit_job("endless", {})
            pid = (await _told(jobs, job_id))["pid"]
            began = time.monotonic()
            job = await jobs.wait_for(job_id, SOON)
            assert (job.status, job.reason) == (JobStatus.FAILED, "attempts_exhausted")
            assert "longer than its timeout of 1 s" in (job.error or "")
            await until(lambda: not worker.pool.busy)
            assert time.monotonic() - began < 3
            assert is_gone(pid)
            after = await jobs.wait_for(await jobs.submit_job("comes_to", {"way": "done"}), SOON)
            assert after.result == {"x": [1, 2.5, "é"]}

    run(scenario())


def test_a_cancel_ends_a_run_at_once() -> None:
    """The job is cancelled, not retried, and its processes are gone."""

    async def scenario() -> None:
        async with working(heartbeat="50ms") as (jobs, _):
            job_id = await jobs.submit_job("sleeps", {"family": True})
            pids = await _told(jobs, job_id)
            assert await jobs.cancel_job(job_id)
            job = await jobs.wait_for(job_id, SOON)
            assert job.status is JobStatus.CANCELLED
            assert all(is_gone(pid) for pid in (pids[0], *pids[2:]))

    run(scenario())


def test_a_worker_that_stops_gives_the_job_back() -> None:
    """Without an attempt, and without a process that goes on."""

    async def scenario() -> None:
        async with working(shutdown_timeout="100ms") as (jobs, worker):
            job_id = await jobs.submit_job("sleeps", {"family": True})
            pids = await _told(jobs, job_id)
            await worker.stop()
            job = await jobs.get_job(job_id)
            assert (job.status, job.attempt, job.crashes) == (JobStatus.PENDING, 0, 0)
            assert all(is_gone(pid) for pid in (pids[0], *pids[2:]))

    run(scenario())


def test_crashes_are_counted_up_to_the_limit() -> None:
    """They spend no attempt; the dead letter tells how the process died."""
    job = outcome("dies", {"way": "segfault"}, max_retries=0)
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "crashed", 1)
    assert job.error == "its process was killed by SIGSEGV (crash 3 of 3)"


def test_what_an_isolated_handler_asks_reaches_the_store() -> None:
    """A job that it submits runs, its progress is kept, and an effect is not repeated in its second run."""

    async def scenario() -> None:
        async with working() as (jobs, _):
            job = await jobs.wait_for(await jobs.submit_job("begins_another", {}), SOON)
            assert (job.status, job.attempt, job.progress) == (JobStatus.COMPLETED, 2, {"run": 2})
            first, last, submitted = job.result["first"], job.result["last"], job.result["submitted"]
            assert first != last, "another process"
            other = await jobs.wait_for(submitted, SOON)
            assert other.result == {"x": [1, 2.5, "é"]}

    run(scenario())


class SlowToEnd:
    """Stands in for the runner: notices a cancel, and then has something to tidy up."""

    def __init__(self) -> None:
        self.has_begun = self.has_tidied_up = False

    def run(self, handler: BoundHandler, context: Any, payload: bytes) -> None:
        """Return a while after the cancel."""
        cancelled = threading.Event()
        context.on_cancel(cancelled.set)
        self.has_begun = True
        cancelled.wait(10)
        for _ in range(100):
            time.sleep(0.001)  # steps of Python, in which it could be interrupted
        self.has_tidied_up = True

    def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize("is_told", [True, False])
def test_a_call_that_is_cancelled_kills_and_lets_the_runner_tidy_up(is_told: bool) -> None:
    """The thread that waits for a process is not interrupted, whoever cancels."""

    async def scenario() -> None:
        runner = SlowToEnd()
        caller = ThreadCaller((), runner)
        context = context_of("t")
        handler = BoundHandler(JobType("t", isolation="process"), print, is_async=False, is_isolated=True)
        call = asyncio.ensure_future(caller(handler, context, b"{}"))
        await until(lambda: runner.has_begun)
        if is_told:
            context.cancel()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        assert context.cancelled
        await until(lambda: runner.has_tidied_up)
        caller.close()

    run(scenario())


@pytest.mark.parametrize("way", ["done", "raise"])
def test_the_test_kit_runs_isolated_handlers_in_the_process_of_the_test(way: str) -> None:
    """Also `async def` ones; a failure is the handler's own exception."""
    before = set(descendants())
    with TestJobs(handlers=[MODULE], settings={"jobs.worker_pool.max_retries": 0}) as jobs:
        job_id = jobs.service.submit_job("comes_to", {"way": way})
        waiting = jobs.service.submit_job("waits", {"a": 2})
        report = jobs.drain()
        assert jobs.service.result(waiting) == {"sum": 4, "scope": waiting}
        if way == "raise":
            assert isinstance(report.error, ValueError)
        else:
            assert jobs.service.result(job_id) == {"x": [1, 2.5, "é"]}
        assert set(descendants()) <= before
