"""The slot of a run whose time is over is free again within the timeout and the grace time, whatever the handler does."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexjobs import AsyncBackgroundJobService, JobContext, JobStatus, Retry, job_handler, middleware
from hexjobs.adapters.worker.process_worker import ProcessWorker
from hexjobs.adapters.worker.run_watch import RunWatch
from hexjobs.application.interruption import Interrupted
from hexjobs.domain.jobs.base import BaseJob
from support.run import run
from support.until import until
from support.worker_harness import working

SOON = timedelta(seconds=10)
TIMEOUT, GRACE = 0.05, 0.2
LATE = 0.9
"""Seconds by which a loaded machine may be late."""


@asynccontextmanager
async def hasty(
    *declared: Any, **pool: Any
) -> AsyncIterator[tuple[AsyncBackgroundJobService, ProcessWorker]]:
    """A service and a worker with a short grace time."""
    async with working(*declared, worker_pool={"retry_delay": "1h", **pool}) as (jobs, worker):
        worker.pool._watch._grace = GRACE
        yield jobs, worker


@job_handler("next")
async def following(context: JobContext, payload: dict[str, Any]) -> str:
    """The job that waits for the slot."""
    return "ran"


async def slot_is_back(jobs: AsyncBackgroundJobService, handler: Any, **options: Any) -> BaseJob:
    """Run it in the only slot, then the next job; that one must begin in time. The job that was stopped."""
    stopped = await jobs.submit_job(handler, {}, **options)
    after = await jobs.submit_job(following, {})
    begin = time.monotonic()
    job = await jobs.wait_for(after, SOON)
    assert job.result == "ran"
    assert time.monotonic() - begin < TIMEOUT + GRACE + LATE
    return await jobs.get_job(stopped)


def gauge(jobs: Any, name: str) -> float:
    """The value of a metric of this worker, added up over its labels."""
    text = jobs.container.metrics().render()[0].decode()
    found = re.findall(rf"^hexjobs_{name}(?:{{[^}}]*}})? ([\d.]+)$", text, re.MULTILINE)
    assert found, name
    return sum(map(float, found))


def test_a_coroutine_that_swallows_its_cancelling_becomes_a_zombie() -> None:
    """Settled without it, replaced, its late result dropped, and forgotten when it ends."""
    release = asyncio.Event()

    @job_handler("stubborn", timeout=TIMEOUT, retry_delay="1h")
    async def stubborn(context: JobContext, payload: dict[str, Any]) -> str:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                context.progress("I go on")
        return "late"

    async def scenario() -> None:
        async with hasty(stubborn, following, worker_count=1) as (jobs, worker):
            job = await slot_is_back(jobs, stubborn)
            assert (job.status, job.attempt, job.progress) == (JobStatus.RETRYING, 1, "I go on")
            assert "timeout of 0.05 s; it did not stop" in (job.error or "")
            states = [(slot.state, slot.job_id) for slot in worker.pool.slots()]
            assert states == [("zombie", job.job_id), ("idle", None)]
            assert worker.pool.statistics().zombies == 1
            assert (gauge(jobs, "zombie_slots"), gauge(jobs, "worker_slots")) == (1, 1)
            assert gauge(jobs, "timeouts_total") == 1
            assert worker.health().is_healthy
            release.set()
            await until(lambda: not worker.pool.statistics().zombies)
            assert (await jobs.get_job(job.job_id)).status is JobStatus.RETRYING
            assert (len(worker.pool.slots()), gauge(jobs, "zombie_slots")) == (1, 0)

    run(scenario())


def test_a_zombie_does_not_disturb_the_next_run_of_its_job() -> None:
    """What it still says of its progress takes nothing from what the run says that is the current one."""
    release = asyncio.Event()
    contexts: list[JobContext] = []

    @job_handler("twice", timeout=TIMEOUT, retry_delay="1ms")
    async def twice(context: JobContext, payload: dict[str, Any]) -> None:
        contexts.append(context)
        if context.attempt == 1:
            while not release.is_set():
                with suppress(asyncio.CancelledError):
                    await release.wait()
        else:
            context.progress("second")
            contexts[0].progress("first")

    async def scenario() -> None:
        async with hasty(twice) as (jobs, worker):
            job = await jobs.wait_for(await jobs.submit_job(twice, {}), SOON)
            assert (job.status, job.attempt, job.progress) == (JobStatus.COMPLETED, 2, "second")
            assert worker.pool.statistics().zombies == 1
            release.set()

    run(scenario())


def test_middleware_sees_a_timeout_as_a_failed_run() -> None:
    """`Retry`, also where the handler returned in the end; it can go on as after any failure."""
    seen: list[Any] = []

    @middleware
    async def around(run: Any, proceed: Any) -> Any:
        async with asyncio.timeout(5):
            outcome = await proceed(run)
            await asyncio.sleep(0)
        seen.append(outcome)
        return outcome

    @job_handler("returns", timeout=TIMEOUT, max_retries=0)
    async def returns(context: JobContext, payload: dict[str, Any]) -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(20)
        return "done after all"

    async def scenario() -> None:
        async with hasty(returns, around) as (jobs, _):
            job = await jobs.wait_for(await jobs.submit_job(returns, {}), SOON)
            assert job.status is JobStatus.FAILED

    run(scenario())
    assert seen == [Retry("the run took longer than its timeout of 0.05 s")]


class Blocked:
    """Things that a thread can hang in, and how each is let go at the end of the test."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.ours, self.theirs = socket.socketpair()

    def busy_loop(self) -> None:
        """Pure Python."""
        while True:
            pass

    def sleep(self) -> None:
        """C code that lets other threads run."""
        time.sleep(1.2)

    def receive(self) -> None:
        """A read without a limit."""
        self.ours.recv(1)

    def hash(self) -> None:
        """A computation in C without the interpreter lock."""
        hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 3_000_000)

    def match(self) -> None:
        """A computation in C that holds the interpreter lock: nothing else runs meanwhile."""
        re.match(r"(a+)+$", "a" * 22 + "b")


@pytest.mark.parametrize(
    ("hang", "becomes_zombie"),
    [
        (Blocked.busy_loop, False),
        (Blocked.sleep, True),
        (Blocked.receive, True),
        (Blocked.hash, True),
        (Blocked.match, False),
    ],
    ids=["busy_loop", "sleep", "receive", "hash", "match"],
)
def test_a_thread_gives_its_slot_back(hang: Callable[[Blocked], None], becomes_zombie: bool) -> None:
    """It is interrupted where it can be, and a zombie elsewhere; then interrupted as soon as its C code returns."""
    blocked = Blocked()
    went_on: list[int] = []

    @job_handler("hangs", timeout=TIMEOUT)
    def hangs(context: JobContext, payload: dict[str, Any]) -> None:
        try:
            hang(blocked)
            while not context.cancelled:
                time.sleep(0.001)
            while len(went_on) < 1000:
                went_on.append(0)
        finally:
            assert context.cancelled
            blocked.ended.set()

    async def scenario() -> None:
        async with hasty(hangs, following, worker_count=1) as (jobs, worker):
            job = await slot_is_back(jobs, hangs)
            assert job.status is JobStatus.RETRYING
            assert ("it did not stop" in (job.error or "")) == becomes_zombie
            assert worker.pool.statistics().zombies == becomes_zombie
            blocked.theirs.close()
            await asyncio.to_thread(blocked.ended.wait, 5)
            await until(lambda: not worker.pool.statistics().zombies)

    with blocked.ours, blocked.theirs:
        run(scenario())
    if becomes_zombie:
        assert len(went_on) < 1000, "interrupted as soon as its C code has returned"


def test_a_thread_that_looks_is_not_interrupted() -> None:
    """For half of the grace time `context.cancelled` is all that it sees; what it returns then does not count."""
    seen = []

    @job_handler("looks", timeout=TIMEOUT)
    def looks(context: JobContext, payload: dict[str, Any]) -> str:
        while not context.cancelled:
            time.sleep(0.001)
        seen.append("tidied up")
        return "half done"

    async def scenario() -> None:
        async with hasty(looks, following, worker_count=1) as (jobs, worker):
            job = await slot_is_back(jobs, looks)
            assert (job.status, job.result) == (JobStatus.RETRYING, None)
            assert worker.pool.statistics().zombies == 0

    run(scenario())
    assert seen == ["tidied up"]


def test_beyond_the_limit_zombies_are_not_replaced_and_health_says_so() -> None:
    """Then only a new process brings the slots back, or the end of the zombies."""
    release = threading.Event()

    @job_handler("swallows", timeout=TIMEOUT)
    def swallows(context: JobContext, payload: dict[str, Any]) -> None:
        while not release.is_set():
            try:
                release.wait(0.01)
            except Interrupted:
                context.log.info("swallowed")

    async def scenario() -> None:
        async with hasty(swallows, following, worker_count=3, zombie_limit=1) as (jobs, worker):
            await jobs.submit_job(swallows, {})
            await until(lambda: worker.pool.statistics().zombies == 1)
            assert (worker.pool.statistics().slots, worker.health().reasons) == (3, ())
            assert worker.health().details["recycle"] is None
            await jobs.submit_jobs([(swallows, {}), (swallows, {})])
            await until(lambda: worker.pool.statistics().zombies == 3)
            await worker.pool.wait_until_idle()
            health = worker.health()
            assert (worker.pool.statistics().slots, worker.pool.free) == (1, 1)
            assert health.reasons == ("slots: 3 runs that were stopped go on, more than are replaced",)
            assert (health.details["recycle"], health.details["stuck"]) == ("zombies", False)
            assert await jobs.result(await _ended(jobs, await jobs.submit_job(following, {}))) == "ran"
            assert worker.pool.add_workers(2) == 5
            assert worker.pool.statistics().slots == 3
            assert worker.pool.remove_workers(2) == 3
            release.set()
            await until(lambda: worker.health().is_healthy)
            await until(lambda: worker.pool.free == 3)
            assert [slot.state for slot in worker.pool.slots()] == ["idle"] * 3

    run(scenario())


async def _ended(jobs: AsyncBackgroundJobService, job_id: str) -> str:
    await jobs.wait_for(job_id, SOON)
    return job_id


def test_a_worker_without_slots_left_is_red_and_not_stuck() -> None:
    """With a limit of zero the first zombie keeps its slot; its job is settled all the same."""
    release = asyncio.Event()

    @job_handler("stubborn", timeout=TIMEOUT, max_retries=0)
    async def stubborn(context: JobContext, payload: dict[str, Any]) -> None:
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    async def scenario() -> None:
        async with hasty(stubborn, worker_count=1, zombie_limit=0) as (jobs, worker):
            job = await jobs.wait_for(await jobs.submit_job(stubborn, {}), SOON)
            assert (job.status, job.reason) == (JobStatus.FAILED, "attempts_exhausted")
            await worker.pool.wait_until_idle()
            assert (worker.pool.free, worker.pool.statistics().slots) == (0, 0)
            worker._fetching.advanced = worker._fetching.tried = worker._clock.monotonic() - 3600
            assert worker.health().details["recycle"] == "zombies"
            assert worker.health().details["stuck"] is False, "it waits for a slot"
            release.set()
            await until(lambda: worker.pool.free == 1)
            assert worker.health().details["stuck"] is False, "it has not waited long for the fetch"

    run(scenario())


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_run_that_the_deadline_stops_says_so(in_thread: bool) -> None:
    """Reason `deadline`, and no retry, although attempts are left; the timeout was further away."""

    async def waits(context: JobContext, payload: dict[str, Any]) -> None:
        await asyncio.sleep(20)

    def loops(context: JobContext, payload: dict[str, Any]) -> None:
        while True:
            time.sleep(0.001)

    handler = job_handler("long", timeout="1h")(loops if in_thread else waits)

    async def scenario() -> None:
        async with hasty(handler, following, worker_count=1) as (jobs, worker):
            ends = datetime.now(UTC) + timedelta(seconds=TIMEOUT)
            job = await slot_is_back(jobs, handler, deadline=ends)
            assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "deadline", 1)
            assert "deadline passed while it ran" in (job.error or "")
            assert worker.pool.statistics().zombies == 0
            assert gauge(jobs, "timeouts_total") == 1

    run(scenario())


@pytest.mark.parametrize("in_thread", [False, True])
def test_what_a_handler_makes_of_its_timeout_changes_nothing(in_thread: bool) -> None:
    """Whether it returns or raises after it was told to stop: the run took too long."""
    ways: list[Callable[[], Any]] = [
        lambda: "done after all",
        lambda: 1 / 0,
        lambda: exec("raise SystemExit"),
    ]
    at = iter(range(3))

    def ends(context: JobContext) -> Any:
        return ways[next(at)]()

    async def waits(context: JobContext, payload: dict[str, Any]) -> Any:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            return ends(context)

    def looks(context: JobContext, payload: dict[str, Any]) -> Any:
        while not context.cancelled:
            time.sleep(0.001)
        return ends(context)

    handler = job_handler("ends", timeout=TIMEOUT)(looks if in_thread else waits)

    async def scenario() -> None:
        async with hasty(handler, following, worker_count=1) as (jobs, _):
            for _ in range(3):
                job = await slot_is_back(jobs, handler)
                assert (job.status, job.error) == (
                    JobStatus.RETRYING,
                    "the run took longer than its timeout of 0.05 s",
                )

    run(scenario())


def test_runs_that_end_in_time_share_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout costs a job no timer of its own; a shorter one moves the one that there is."""
    set_for: list[float] = []
    wake_at = RunWatch._wake_at

    def counted(watch: RunWatch, due: float, loop: asyncio.AbstractEventLoop) -> None:
        set_for.append(due - loop.time())
        wake_at(watch, due, loop)

    monkeypatch.setattr(RunWatch, "_wake_at", counted)

    async def scenario() -> None:
        async with hasty(following, worker_count=2) as (jobs, _):
            for job_id in await jobs.submit_jobs([(following, {}) for _ in range(100)]):
                await jobs.wait_for(str(job_id), SOON)
            await jobs.wait_for(await jobs.submit_job(following, {}, timeout="5m"), SOON)

    run(scenario())
    assert [round(seconds) for seconds in set_for] == [1800, 300]
