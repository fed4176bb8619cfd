"""Leases in a running worker: beating past a blocked loop, taking over, and going on under a new id."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from faults.harness.tcp_proxy import TcpProxy
from hexjobs import AsyncBackgroundJobService, JobContext, JobStatus, job_handler
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.adapters.worker.worker_identity import WorkerIdentity
from hexjobs.ports.delivery import Subscription
from hexjobs.ports.leases import WorkerFacts
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import container_with, handler_module, working

SOON = timedelta(seconds=10)
SHORT = {"lease": "500ms"}
LEASE_SECONDS = 0.5


@job_handler("block")
async def block(context: JobContext, payload: dict[str, Any]) -> int:
    """Block the event loop, as no handler should."""
    time.sleep(payload["seconds"])
    return context.attempt


@pytest.fixture
def logged() -> Any:
    """The log lines, as mappings."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def of(lines: list[Any], event: str) -> list[Any]:
    """Those with one event word."""
    return [line for line in lines if line["event"] == event]


def test_a_handler_that_blocks_the_loop_costs_nothing(tmp_path: Path, logged: list[Any]) -> None:
    """Three leases long: another worker watches all the while, nothing runs twice, and the log names job and stack."""

    async def scenario(url: str) -> None:
        store = {"provider": "redis", "redis": {"addr": url}}
        beside = _Beside(store, SHORT)
        async with working(block, worker_pool=SHORT, **store) as (service, worker):
            await asyncio.to_thread(beside.start)
            try:
                job_id = await service.submit_job("block", {"seconds": 3 * LEASE_SECONDS})
                job = await service.wait_for(job_id, SOON)
            finally:
                await asyncio.to_thread(beside.stop)
            assert (job.status, job.attempt, job.crashes, job.result) == (JobStatus.COMPLETED, 1, 0, 1)
            before = worker.worker_id
        assert before == worker.worker_id
        assert not of(logged, "worker_lost")
        [line, *_] = of(logged, "event_loop_blocked")
        assert line["job_id"] == job_id
        assert re.search(r"in block\n.*time\.sleep", line["stack"])

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server.url))


class _Beside(threading.Thread):
    """Another worker that only watches, in an event loop of its own."""

    def __init__(self, store: dict[str, Any], pool: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._store = store
        self._pool = pool
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    def start(self) -> None:
        """Return when it watches."""
        super().start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """Return when it has ended."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self.join(10)

    def run(self) -> None:
        """Work."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with working(block, worker_pool=self._pool, **self._store):
            self._ready.set()
            await self._end.wait()


def test_a_connection_that_goes_silent_costs_nothing(tmp_path: Path, logged: list[Any]) -> None:
    """It is given up after half a lease, and the next beat goes over a new one, while another worker watches."""

    @job_handler("hold")
    async def hold(context: JobContext, payload: dict[str, Any]) -> None:
        await let_go.wait()

    async def scenario(url: str, road: TcpProxy) -> None:
        beside = _Beside({"provider": "redis", "redis": {"addr": url}}, {"lease": "2s"})
        there = {"provider": "redis", "redis": {"addr": road.url}}
        async with working(hold, worker_pool={"lease": "2s"}, **there) as (service, worker):
            await service.submit_job("hold", {})
            await until(lambda: worker.pool.busy)
            await asyncio.to_thread(beside.start)
            try:
                before = worker.worker_id
                for _ in range(3):
                    road.deafen()
                    silent_since = time.monotonic()
                    road.heal()
                    await until(lambda since=silent_since: worker._lease.advanced > since)  # type: ignore[misc]  # bound now
                assert worker.worker_id == before
            finally:
                let_go.set()
                await asyncio.to_thread(beside.stop)
        assert not of(logged, "worker_lost")

    let_go = asyncio.Event()
    with ValkeyProcess(tmp_path) as server, TcpProxy(server.socket_path) as road:
        run(scenario(server.url, road))


def test_jobs_of_a_dead_worker_are_taken_over(tmp_path: Path, logged: list[Any]) -> None:
    """One that joined, took a job and never beat again: within a lease and two looks its job runs here."""

    @job_handler("noop")
    async def noop(context: JobContext, payload: dict[str, Any]) -> list[int]:
        return [context.attempt]

    async def scenario(url: str) -> None:
        store = {"provider": "redis", "redis": {"addr": url}}
        with handler_module(noop) as name:
            container = container_with(name, **store)
            async with AsyncBackgroundJobService(container) as service:
                job_id = await service.submit_job("noop")
                [delivery] = await container.access.queue().dequeue(
                    Subscription("dead", {"default": 1}), 1, timedelta(0)
                )
                assert delivery.job_id == job_id
        async with working(noop, worker_pool=SHORT, **store) as (service, _):
            job = await service.wait_for(job_id, SOON)
            assert (job.status, job.attempt, job.crashes, job.result) == (JobStatus.COMPLETED, 1, 1, [1])
        [lost] = of(logged, "worker_lost")
        assert (lost["worker_id"], lost["jobs"]) == ("dead", 1)
        assert [line["job_id"] for line in of(logged, "job_recovered")] == [job_id]
        assert [(line["job_id"], line["crashes"]) for line in of(logged, "job_runs_again")] == [(job_id, 1)]

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server.url))


@pytest.mark.parametrize("found_by", ["fetch", "beat"])
def test_a_worker_whose_lease_is_gone_goes_on_under_a_new_id(
    tmp_path: Path, logged: list[Any], found_by: str
) -> None:
    """Its run is stopped, its outcome not recorded; the job runs again, here or elsewhere."""
    starts: list[int] = []
    stopped = threading.Event()

    @job_handler("long", timeout="none")
    async def long(context: JobContext, payload: dict[str, Any]) -> str:
        starts.append(context.fence_token)
        if len(starts) == 1:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
        return "done"

    async def scenario(url: str) -> None:
        store = {"provider": "redis", "redis": {"addr": url}}
        # With one slot the fetch waits for it, and the beat finds out.
        pool = {**SHORT, "worker_count": 2 if found_by == "fetch" else 1}
        async with working(long, worker_pool=pool, **store) as (service, worker):
            before = worker.worker_id
            job_id = await service.submit_job("long")
            await until(lambda: bool(starts))
            if found_by == "fetch":
                await worker._lease.stop()
            queue: Any = worker._queue
            leases = RedisLeases(queue._transport, queue._keys)
            recovered = await leases.take_over(before, None)
            assert recovered is not None
            assert [each.job_id for each in recovered] == [job_id]
            job = await service.wait_for(job_id, SOON)
            assert (job.status, job.attempt, job.crashes, job.result) == (JobStatus.COMPLETED, 1, 1, "done")
            assert stopped.is_set()
            assert worker.worker_id != before
            assert starts[0] < starts[1]
            [line] = of(logged, "lease_lost")
            assert (line["worker_id"], line["new_worker_id"]) == (before, worker.worker_id)

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server.url))


def test_an_identity_is_renewed_once() -> None:
    """Whoever finds out first, the fetch or the beat."""
    identity = WorkerIdentity()
    lost = identity.worker_id
    assert identity.renew(lost)
    renewed = identity.worker_id
    assert renewed != lost
    assert not identity.renew(lost)
    assert identity.worker_id == renewed


def test_workers_are_known_with_their_facts(tmp_path: Path) -> None:
    """Queues, slots and job types; one that left is not."""

    async def scenario(url: str) -> None:
        store = {"provider": "redis", "redis": {"addr": url}}
        async with working(block, worker_pool=SHORT, **store) as (_, worker):
            leases: Any = worker._lease._leases
            facts: list[WorkerFacts | None] = []

            async def told() -> bool:
                found = await leases.workers()
                facts[:] = [each.facts for each in found if each.worker_id == worker.worker_id]
                return bool(facts and facts[0])

            await until(told)
            assert facts[0] is not None
            assert facts[0].queues == ("default",)
            assert facts[0].slots == 5
            assert "block" in facts[0].job_types
        assert await leases.workers() == []

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server.url))
