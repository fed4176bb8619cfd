"""A worker whose server goes away in each of the ways there are: it comes back by itself, and makes no storm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from faults.harness.tcp_proxy import TcpProxy
from hexjobs import AsyncBackgroundJobService, JobContext, JobStatus, ServerUnavailable, job_handler
from hexjobs.adapters.redis import connection_options, job_queue
from hexjobs.adapters.worker.process_worker import ProcessWorker
from hexjobs.application.health_checks import ServerCheck, StuckCheck, WorkerCheck
from hexjobs.ports.health_check import HealthCheck
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import working

SOON = timedelta(seconds=15)
WITHIN = timedelta(milliseconds=300)
# A worker's connections within any second of an outage, and once the back-off has grown.
MOST_IN_A_SECOND, MOST_LATER = 16, 8


@pytest.fixture(autouse=True)
def short_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test need not take longer to tell."""
    monkeypatch.setattr(connection_options, "READ_SECONDS", 0.5)
    monkeypatch.setattr(job_queue, "LONGEST_BLOCK_SECONDS", 0.5)


class Work:
    """A handler that waits to be let go, and one that meanwhile tells its progress without a pause."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.chatters = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.may_be_quiet = asyncio.Event()

        @job_handler("held")
        async def held(context: JobContext, payload: dict[str, Any]) -> int:
            self.begun.set()
            await self.may_end.wait()
            return context.attempt

        @job_handler("chatty")
        async def chatty(context: JobContext, payload: dict[str, Any]) -> None:
            self.chatters.set()
            told = 0
            while not self.may_be_quiet.is_set():
                context.progress(told := told + 1)
                await asyncio.sleep(0.005)

        self.handler, self.chatty = held, chatty


class Scene:
    """A worker on a road to its server, with a job that has run and one that runs."""

    def __init__(
        self,
        work: Work,
        server: ValkeyProcess,
        road: TcpProxy,
        jobs: AsyncBackgroundJobService,
        worker: ProcessWorker,
    ) -> None:
        self.work, self.server, self.road, self.jobs, self.worker = work, server, road, jobs, worker
        self.ready: list[HealthCheck] = [ServerCheck(worker._queue, WITHIN), WorkerCheck(worker)]
        self.live: HealthCheck = StuckCheck(worker)

    async def is_ready(self) -> bool:
        """As `/health/ready` is."""
        return all([(await check.check()).is_healthy for check in self.ready])

    async def is_red(self) -> bool:
        """Not ready, and alive all the same."""
        assert (await self.live.check()).is_healthy, "an outage is no reason to restart"
        return not await self.is_ready()

    async def runs_again(self) -> None:
        """A job that is submitted now runs, and health is green."""
        deadline = time.monotonic() + 10
        while True:
            try:
                job = await self.jobs.wait_for(await self.jobs.submit_job(self.work.handler, {}), SOON)
            except ServerUnavailable:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)  # a submit is not repeated by itself
                continue
            assert job.status is JobStatus.COMPLETED
            break
        await until(self.is_ready)
        assert (await self.live.check()).is_healthy


@asynccontextmanager
async def scene(server: ValkeyProcess, road: TcpProxy) -> AsyncIterator[Scene]:
    work = Work()
    redis = {"addr": f"127.0.0.1:{road.port}"}
    async with working(work.handler, work.chatty, provider="redis", redis=redis) as (jobs, worker):
        on = Scene(work, server, road, jobs, worker)
        await until(on.is_ready)
        await jobs.submit_job(work.handler, {})
        await work.begun.wait()
        yield on


@pytest.fixture(params=[True])
def durable(request: pytest.FixtureRequest) -> bool:
    """Whether the server keeps its jobs over a restart."""
    return bool(request.param)


@pytest.fixture
def server(tmp_path: Path, durable: bool) -> Iterator[ValkeyProcess]:
    """A server that the test may stop."""
    with ValkeyProcess(tmp_path, durable=durable) as process:
        yield process


@pytest.fixture
def road(server: ValkeyProcess) -> Iterator[TcpProxy]:
    """The way to it."""
    with TcpProxy(server.socket_path) as proxy:
        yield proxy


@pytest.mark.parametrize("durable", [True, False], ids=["kept", "empty"], indirect=True)
def test_a_server_that_was_killed(server: ValkeyProcess, road: TcpProxy, durable: bool) -> None:
    """Also when it comes back empty, without jobs and scripts: new jobs run."""

    async def scenario() -> None:
        async with scene(server, road) as on:
            server.kill()
            await until(on.is_red)
            on.work.may_end.set()
            await asyncio.to_thread(server.start)
            await on.runs_again()

    run(scenario())


def test_a_server_that_is_paused_for_longer_than_a_blocked_read(
    server: ValkeyProcess, road: TcpProxy
) -> None:
    """It keeps its connections and answers nothing; the running job's outcome is recorded afterwards."""

    async def scenario() -> None:
        async with scene(server, road) as on:
            server.pause()
            try:
                await until(on.is_red)
                on.work.may_end.set()
                await asyncio.sleep(1.5)  # longer than a blocked read may take
                assert await on.is_red()
            finally:
                server.resume()
            await on.runs_again()
            await until(lambda: on.worker.pool.statistics().succeeded >= 2)

    run(scenario())


def test_half_open_connections(server: ValkeyProcess, road: TcpProxy) -> None:
    """What is sent is swallowed and nothing is closed: new connections are made, the silent ones left."""

    async def scenario() -> None:
        async with scene(server, road) as on:
            road.deafen()
            await until(on.is_red)
            on.work.may_end.set()
            road.heal()  # for new connections; the old ones stay deaf
            begin = time.monotonic()
            await on.runs_again()
            assert time.monotonic() - begin < 8, "one bound, one pause, and no silent connection twice"

    run(scenario())


def test_an_outage_makes_no_storm(server: ValkeyProcess, road: TcpProxy) -> None:
    """All that wants the server backs off: the fetch, the outcome that waits, progress, heartbeat and the other roles."""

    async def scenario() -> None:
        async with scene(server, road) as on:
            chatty = await on.jobs.submit_job(on.work.chatty, {})
            await on.work.chatters.wait()
            since = time.monotonic()
            road.part()
            road.reset()
            on.work.may_end.set()
            await asyncio.sleep(4.5)  # the outage
            assert road.most_accepted_within(1.0, since) <= MOST_IN_A_SECOND
            assert road.most_accepted_within(1.0, since + 3) <= MOST_LATER
            healed = time.monotonic()
            road.heal()
            on.work.may_be_quiet.set()
            await on.runs_again()
            assert (await on.jobs.wait_for(chatty, SOON)).attempt == 1
            assert road.most_accepted_within(1.0, healed) <= MOST_IN_A_SECOND

    run(scenario())
