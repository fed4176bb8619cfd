"""The worker as a whole: slots, stopping, cancelling, health, and a server that goes away."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from hexjobs import (
    JobContext,
    JobEventInfo,
    JobStatus,
    job_handler,
    job_scope,
    middleware,
    on_completed,
    on_dead,
    provider,
)
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import working

SOON = timedelta(seconds=10)


class Ledger:
    """Something a handler needs."""

    name = "ledger"


class Gate:
    """Handlers that wait until they are let go; records how many run at the same time."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.running = 0
        self.most = 0
        self.changed = asyncio.Condition()

        @job_handler("gated")
        async def gated(context: JobContext, payload: dict[str, Any]) -> int:
            await self._count(1)
            try:
                await self.open.wait()
            finally:
                await self._count(-1)
            return context.attempt

        self.handler = gated

    async def _count(self, change: int) -> None:
        self.running += change
        self.most = max(self.most, self.running)
        async with self.changed:
            self.changed.notify_all()

    async def wait_for(self, running: int) -> None:
        """Return when so many run."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.running == running)


def test_no_more_jobs_run_than_there_are_slots() -> None:
    """And slots can be added and removed while running."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler, worker_pool={"worker_count": 2}) as (jobs, worker):
            ids = [await jobs.submit_job(gate.handler, {}) for _ in range(8)]
            await gate.wait_for(2)
            assert worker.pool.free == 0
            assert worker.pool.add_workers(3) == 5
            await gate.wait_for(5)
            assert worker.pool.remove_workers(4) == 1
            assert worker.pool.statistics().busy == 5, "busy slots go after their job"
            gate.open.set()
            for job_id in ids:
                await jobs.wait_for(job_id, SOON)
            await worker.pool.wait_until_idle()
            assert (gate.most, len(worker.pool.slots())) == (5, 1)
            assert worker.pool.remove_workers(5) == 1, "one slot always stays"
            assert worker.pool.statistics().succeeded == 8

    run(scenario())


def test_stopping_lets_jobs_finish() -> None:
    """A job that ends before the deadline completes; nothing is fetched any more."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler, worker_pool={"worker_count": 1}) as (jobs, worker):
            first = await jobs.submit_job(gate.handler, {})
            second = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            stopping = asyncio.create_task(worker.stop())
            await asyncio.sleep(0)
            gate.open.set()
            await stopping
            assert await jobs.get_job_status(first) is JobStatus.COMPLETED
            assert await jobs.get_job_status(second) is JobStatus.PENDING

    run(scenario())


def test_at_the_deadline_jobs_are_given_back() -> None:
    """Without spending an attempt; at a second request to stop, at once."""

    async def scenario(hurry: bool) -> None:
        gate = Gate()
        pool = {"shutdown_timeout": "1h" if hurry else "50ms"}
        async with working(gate.handler, worker_pool=pool) as (jobs, worker):
            job_id = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            stopping = asyncio.create_task(worker.stop())
            if hurry:
                worker.hurry()
            await stopping
            job = await jobs.get_job(job_id)
            assert (job.status, job.attempt, job.reason) == (JobStatus.PENDING, 0, "worker_stopped")
            assert worker.pool.statistics().given_back == 1

    for hurry in (False, True):
        run(scenario(hurry))


def test_what_a_lost_reply_left_with_the_worker_is_given_back_at_its_end() -> None:
    """A job that the store thinks is ours, and that no slot runs, waits again once the worker has stopped."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler, worker_pool={"worker_count": 1}) as (jobs, worker):
            running = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            lost = await jobs.submit_job(gate.handler, {})
            [delivery] = await worker._queue.dequeue(worker._fetch.subscription, 1, timedelta(0))
            assert delivery.job_id == lost
            gate.open.set()
            await worker.stop()
            assert await jobs.get_job_status(running) is JobStatus.COMPLETED
            job = await jobs.get_job(lost)
            assert (job.status, job.attempt) == (JobStatus.PENDING, 0)

    run(scenario())


def test_a_thread_is_given_back_too_and_told() -> None:
    """A `def` handler cannot be stopped; it sees `cancelled`, and its late result is refused by its absence."""

    async def scenario() -> None:
        started, told = threading.Event(), threading.Event()

        @job_handler("thread")
        def thread(context: JobContext, payload: dict[str, Any]) -> str:
            started.set()
            while not context.cancelled:
                told.wait(0.005)
            told.set()
            return "late"

        async with working(thread, worker_pool={"shutdown_timeout": "20ms"}) as (jobs, worker):
            job_id = await jobs.submit_job(thread, {})
            await asyncio.to_thread(started.wait, 5)
            await worker.stop()
            assert await asyncio.to_thread(told.wait, 5)
            job = await jobs.get_job(job_id)
            assert (job.status, job.attempt, job.result) == (JobStatus.PENDING, 0, None)

    run(scenario())


def test_a_running_job_is_cancelled_from_outside() -> None:
    """The handler is cancelled at the next heartbeat, and the job ends as cancelled."""

    async def scenario() -> None:
        gate = Gate()
        pool = {"heartbeat": "20ms"}
        async with working(gate.handler, worker_pool=pool) as (jobs, _):
            job_id = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            assert await jobs.cancel_job(job_id)
            job = await jobs.wait_for(job_id, SOON)
            assert (job.status, gate.running) == (JobStatus.CANCELLED, 0)
            assert not await jobs.cancel_job(job_id)

    run(scenario())


def test_a_late_result_is_refused_and_counted() -> None:
    """A delivery that was settled by another hand changes nothing; statistics and metrics tell."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler) as (jobs, worker):
            job_id = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            [delivery] = worker.pool.deliveries()
            assert await worker._queue.ack(delivery, b'"first"')
            gate.open.set()
            await worker.pool.wait_until_idle()
            assert await jobs.result(job_id) == "first"
            statistics = worker.pool.statistics()
            assert (statistics.refused, statistics.processed) == (1, 0)
            text = jobs.container.metrics().render()[0].decode()
            assert re.search(r"hexjobs_refused_results_total\S* 1\.0", text)

    run(scenario())


def test_health_names_each_slot_and_what_it_does() -> None:
    """Well while the fetch advances; the details tell roles, slots and statistics."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler, worker_pool={"worker_count": 2}) as (jobs, worker):
            job_id = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            health = worker.health()
            assert health.is_healthy
            busy = [slot for slot in health.details["slots"] if slot["state"] == "busy"]
            assert [(slot["job_id"], slot["job_type"]) for slot in busy] == [(job_id, "gated")]
            assert {"fetch", "lease", "sweep", "reconcile", "schedule", "collect"} == set(
                health.details["roles"]
            )
            gate.open.set()

    run(scenario())


def test_a_fetch_without_progress_turns_health_red() -> None:
    """Ill once the fetch has not advanced for `stuck_after`, and stuck when it does not even try."""

    async def scenario() -> None:
        gate = Gate()
        async with working(gate.handler) as (_, worker):
            fetching = worker._fetching
            await fetching.stop(1.0)
            fetching.advanced = fetching.tried = worker._clock.monotonic() - 61
            for slot in worker.pool._slots.free:
                slot.since -= 61
            health = worker.health()
            assert "no progress" in health.reasons[0]
            assert health.details["stuck"] is True
            fetching.tried = worker._clock.monotonic()
            assert worker.health().details["stuck"] is False, (
                "it tries: a server that is away is no reason to restart"
            )

    run(scenario())


def test_the_worker_goes_on_by_itself_when_its_server_comes_back(tmp_path: Path) -> None:
    """SIGKILL of the server under a running job: the outcome is recorded after the restart, and new jobs run."""

    async def scenario(server: ValkeyProcess) -> None:
        gate = Gate()
        redis = {"addr": f"unix://{server.socket_path}"}
        async with working(gate.handler, provider="redis", redis=redis) as (jobs, worker):
            during = await jobs.submit_job(gate.handler, {})
            await gate.wait_for(1)
            server.kill()
            gate.open.set()
            await until(lambda: not worker.health().is_healthy)
            await asyncio.to_thread(server.start)
            assert (await jobs.wait_for(during, SOON)).attempt == 1
            after = await jobs.submit_job(gate.handler, {})
            assert (await jobs.wait_for(after, SOON)).status is JobStatus.COMPLETED
            await until(lambda: worker.health().is_healthy)

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server))


def test_marks_take_part_in_each_run() -> None:
    """Middleware outside, the scope in the handler's own thread inside, the provider's object as a parameter."""
    seen: list[str] = []

    @provider
    def ledger() -> Ledger:
        seen.append("made")
        return Ledger()

    @middleware
    async def around(run: Any, proceed: Any) -> Any:
        seen.append("before")
        outcome = await proceed(run)
        seen.append("after")
        return outcome

    @job_scope
    def scope(context: JobContext) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def manager() -> Any:
            seen.append(f"enter {threading.current_thread().name.rpartition('-')[0]}")
            yield
            seen.append("leave")

        return manager()

    @job_handler("marked")
    def marked(context: JobContext, payload: dict[str, Any], book: Ledger) -> str:
        seen.append(threading.current_thread().name.rpartition("-")[0])
        return book.name

    async def scenario() -> None:
        async with working(marked, ledger, around, scope) as (jobs, _):
            for _ in range(2):
                assert (await jobs.wait_for(await jobs.submit_job(marked, {}), SOON)).result == "ledger"

    run(scenario())
    once = ["before", "enter hexjobs-handler", "hexjobs-handler", "leave", "after"]
    assert seen == ["made", *once, *once]


def test_observers_hear_and_affect_nothing() -> None:
    """A failing observer and a slow one leave the job alone."""
    heard: list[JobEventInfo] = []
    hold = threading.Event()

    @on_completed
    def fails(event: JobEventInfo) -> None:
        raise RuntimeError("observer")

    @on_completed
    async def hears(event: JobEventInfo) -> None:
        heard.append(event)

    @on_dead
    def slow(event: JobEventInfo) -> None:
        hold.wait(20)
        heard.append(event)

    @job_handler("fine")
    async def fine(context: JobContext, payload: dict[str, Any]) -> None:
        """Completes."""

    @job_handler("doomed", max_retries=0)
    async def doomed(context: JobContext, payload: dict[str, Any]) -> None:
        raise ValueError("doomed")

    async def scenario() -> None:
        async with working(fine, doomed, fails, hears, slow) as (jobs, _):
            assert (await jobs.wait_for(await jobs.submit_job(fine, {}), SOON)).status is JobStatus.COMPLETED
            assert (await jobs.wait_for(await jobs.submit_job(doomed, {}), SOON)).status is JobStatus.FAILED
            assert "doomed" not in [event.job_type for event in heard], "the slow one held nobody up"
            hold.set()
            await until(lambda: len(heard) == 2)

    run(scenario())
    assert [(event.job_type, event.status) for event in heard] == [
        ("fine", "completed"),
        ("doomed", "failed"),
    ]
