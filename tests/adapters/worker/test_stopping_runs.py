"""Runs that are stopped from outside: cancelled, given back at a shutdown, or because their lease was lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.worker.test_timeouts import GRACE, LATE, SOON, following, hasty, slot_is_back
from hexjobs import JobContext, JobStatus, PermanentError, job_handler
from hexjobs.application.interruption import Interrupted
from hexjobs.application.run import StopReason
from hexjobs.ports.delivery import Delivery
from support.run import run
from support.until import until


def handlers(*, timeout: str = "1h") -> tuple[Any, Any, threading.Event]:
    """A coroutine that swallows every cancelling and a thread that looks at nothing; the event ends both."""
    release = threading.Event()

    @job_handler("stubborn", timeout=timeout)
    async def stubborn(context: JobContext, payload: dict[str, Any]) -> str:
        while not release.is_set():
            try:
                await asyncio.sleep(0.005)
            except asyncio.CancelledError:
                context.progress("asked")
        return "done"

    @job_handler("deaf", timeout=timeout)
    def deaf(context: JobContext, payload: dict[str, Any]) -> str:
        while not release.is_set():
            release.wait(0.005)
            if context.cancelled:
                context.progress("asked")
        return "done"

    return stubborn, deaf, release


@pytest.mark.parametrize("which", [0, 1], ids=["async", "thread"])
def test_a_cancelled_run_that_completes_has_completed(which: int) -> None:
    """The request is heard and the handler ends in its own way: its result counts, its slot stays busy until then."""
    *both, release = handlers()

    async def scenario() -> None:
        async with hasty(*both) as (jobs, worker):
            job_id = await jobs.submit_job(both[which], {})
            await until(lambda: worker.pool.busy == 1)
            assert await jobs.cancel_job(job_id)
            worker.pool.stop_runs(StopReason.CANCELLED, [job_id])
            await until(lambda: _has(jobs, job_id, "asked"))
            await asyncio.sleep(1.5 * GRACE)
            assert (worker.pool.busy, worker.pool.statistics().zombies) == (1, 0)
            release.set()
            job = await jobs.wait_for(job_id, SOON)
            assert (job.status, job.result) == (JobStatus.COMPLETED, "done")

    run(scenario())


@pytest.mark.parametrize("which", [0, 1], ids=["async", "thread"])
def test_a_cancelled_run_that_goes_on_ends_at_its_timeout(which: int) -> None:
    """The timeout stays in force, and the job ends as cancelled."""
    *both, release = handlers(timeout="300ms")

    async def scenario() -> None:
        async with hasty(*both, following, worker_count=1) as (jobs, worker):
            job_id = await jobs.submit_job(both[which], {})
            await until(lambda: worker.pool.busy == 1)
            assert await jobs.cancel_job(job_id)
            worker.pool.stop_runs(StopReason.CANCELLED, [job_id])
            job = await jobs.wait_for(job_id, SOON)
            assert (job.status, job.reason) == (JobStatus.CANCELLED, "cancelled")
            release.set()

    run(scenario())


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("so be it"), JobStatus.CANCELLED), (PermanentError("broken"), JobStatus.FAILED)],
)
def test_a_cancelled_run_that_raises_is_not_tried_again(
    error: Exception, status: JobStatus, in_thread: bool
) -> None:
    """It ends as cancelled, also where it was the last attempt; what can never succeed is a dead letter all the same."""

    async def waits(context: JobContext, payload: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            raise error from None

    def looks(context: JobContext, payload: dict[str, Any]) -> None:
        while not context.cancelled:
            time.sleep(0.001)
        raise error

    handler = job_handler("raises", max_retries=0)(looks if in_thread else waits)

    async def scenario() -> None:
        async with hasty(handler) as (jobs, worker):
            job_id = await jobs.submit_job(handler, {})
            await until(lambda: worker.pool.busy == 1)
            assert await jobs.cancel_job(job_id)
            worker.pool.stop_runs(StopReason.CANCELLED, [job_id])
            assert (await jobs.wait_for(job_id, SOON)).status is status

    run(scenario())


@pytest.mark.parametrize("which", [0, 1], ids=["async", "thread"])
def test_at_a_shutdown_the_handlers_that_go_on_are_left_behind(which: int) -> None:
    """Given back within the grace time, no attempt spent; the worker ends, and so does its event loop."""
    *both, release = handlers()
    before = time.monotonic()

    async def scenario() -> None:
        async with hasty(*both, shutdown_timeout="10ms") as (jobs, worker):
            job_id = await jobs.submit_job(both[which], {})
            await until(lambda: worker.pool.busy == 1)
            await worker.stop()
            job = await jobs.get_job(job_id)
            assert (job.status, job.attempt, job.reason) == (JobStatus.PENDING, 0, "worker_stopped")
            assert worker.pool.statistics().given_back == 1

    run(scenario())
    release.set()
    assert time.monotonic() - before < 5, "asyncio.run would wait for a coroutine that cannot be cancelled"


@pytest.mark.parametrize("which", [0, 1], ids=["async", "thread"])
def test_a_run_whose_lease_is_lost_settles_nothing(which: int) -> None:
    """Its slot is back in time; the job belongs to somebody else by now."""
    *both, release = handlers()

    async def scenario() -> None:
        async with hasty(*both, following, worker_count=1) as (jobs, worker):
            job_id = await jobs.submit_job(both[which], {})
            await until(lambda: worker.pool.busy == 1)
            assert worker.pool.stop_runs(StopReason.CANCELLED) == 1
            begin = time.monotonic()
            assert worker.pool.stop_runs(StopReason.LEASE_LOST, [job_id]) == 1
            assert worker.pool.stop_runs(StopReason.LEASE_LOST, [job_id]) == 0
            await worker.pool.wait_for_room()
            assert time.monotonic() - begin < GRACE + LATE
            assert await jobs.get_job_status(job_id) is JobStatus.PROCESSING
            assert worker.pool.statistics().processed == 0
            release.set()
            await until(lambda: not worker.pool.statistics().zombies)
            assert (worker.pool.statistics().processed, worker.pool.statistics().refused) == (0, 0)

    run(scenario())


def test_a_delivery_that_has_not_begun_is_stopped_too() -> None:
    """What is lost between its arrival and its first step never reaches the handler's first wait."""
    seen = []

    @job_handler("waits")
    async def waits(context: JobContext, payload: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append("went on")

    async def scenario() -> None:
        async with hasty(waits) as (jobs, worker):
            start = worker.pool.start

            def start_and_stop(deliveries: Sequence[Delivery]) -> None:
                start(deliveries)
                worker.pool.stop_runs(StopReason.GIVEN_BACK)

            worker.pool.start = start_and_stop  # type: ignore[method-assign]  # to be in between
            job_id = await jobs.submit_job(waits, {})
            await until(lambda: worker.pool.statistics().given_back)
            worker.pool.start = start  # type: ignore[method-assign]  # as it was
            assert (await jobs.wait_for(job_id, SOON)).attempt == 1

    run(scenario())
    assert seen == ["went on"]


def test_callbacks_hear_of_the_stop_once() -> None:
    """In the order of their registration, at once where it has happened; one that fails keeps nobody from hearing."""
    heard: list[str] = []

    def fails() -> None:
        raise ZeroDivisionError

    context = JobContext(job_id="j", job_type="t", queue="q", attempt=1, max_retries=0, fence_token=1)
    context.on_cancel(lambda: heard.append("first"))
    context.on_cancel(fails)
    context.on_cancel(lambda: heard.append("second"))
    assert not context.cancelled
    context.cancel()
    context.cancel()
    assert (context.cancelled, heard) == (True, ["first", "second"])
    context.on_cancel(lambda: heard.append("late"))
    assert heard[-1] == "late"


def test_a_block_that_must_not_be_cut_in_two() -> None:
    """The interrupt comes at its end; `submit_job` is such a block by itself, and a nested one ends nothing."""
    steps: list[str] = []

    @job_handler("careful", timeout="50ms")
    def careful(context: Any, payload: dict[str, Any]) -> None:
        try:
            with context.uninterrupted():
                while not context.cancelled:
                    time.sleep(0.001)
                ends = time.monotonic() + 0.8 * GRACE  # the interrupt is sent in the meantime
                while time.monotonic() < ends:
                    pass
                steps.append(context.submit_job(following, {}))
                steps.append("whole")
            steps.append("went on")
        except Interrupted:
            steps.append("interrupted")
            raise

    async def scenario() -> None:
        async with hasty(careful, following, worker_count=1) as (jobs, worker):
            job = await slot_is_back(jobs, careful)
            assert job.status is JobStatus.RETRYING
            child, *rest = steps
            assert rest == ["whole", "interrupted"]
            assert (await jobs.wait_for(child, SOON)).result == "ran"
            assert worker.pool.statistics().zombies == 0

    run(scenario())


async def _has(jobs: Any, job_id: str, progress: str) -> bool:
    return bool((await jobs.get_job(job_id)).progress == progress)
