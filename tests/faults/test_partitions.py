"""Roads that part, go deaf or slow: faults 20 to 23. The worker that is cut off stops, and comes back by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from faults.harness.stage import LEASE, Stage
from faults.harness.tcp_proxy import TcpProxy, Weather
from faults.harness.worker_process import WorkerProcess
from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.worker.role import RoleRunner
from hexjobs.domain.errors import LeaseLost
from hexjobs.ports.delivery import Subscription
from support.messages import messages
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

FETCHERS = 100


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, WorkerProcess, WorkerProcess]]:
    """A worker on the road that is cut, and one with a road of its own."""
    with (
        Stage(tmp_path_factory.mktemp("parted")) as stage,
        stage.start_worker() as cut,
        stage.start_worker(address=stage.server.url) as other,
    ):
        cut.ready()
        other.ready()
        yield stage, cut, other


@pytest.mark.parametrize("seconds", [0.4, 2.5, 6.0], ids="{}s".format)
def test_a_partition(crew: tuple[Stage, WorkerProcess, WorkerProcess], seconds: float) -> None:
    """Fault 20, shorter than a lease: nothing moves. Longer: jobs finish elsewhere, late results count for nothing,

    and the worker rejoins unaided under a new name; also when it lasts longer than every bound on a read.
    """
    stage, cut, other = crew
    lost_before = len(other.events("worker_lost"))
    jobs = [stage.submit("step", {"seconds": 1.5}) for _ in range(8)]
    for job in jobs:
        stage.until_started(job)
    mine = {entry["job"] for entry in stage.entries("start") if entry["pid"] in pids(cut)} & set(jobs)
    assert mine, "both workers have some"
    parted = time.monotonic()
    stage.proxy.part()
    try:
        time.sleep(seconds)  # the length of the partition is the case
    finally:
        stage.proxy.heal()
    assert stage.until_ended(*jobs) == ["completed"] * 8
    after = stage.submit("step")
    assert stage.until_ended(after) == ["completed"]
    stage.until(lambda: ran_since(stage, cut, parted + seconds), "the cut worker takes jobs again")
    moved = {job for job in jobs if len(stage.entries("start", job)) > 1}
    if seconds < LEASE / 2:
        assert moved == set()
        assert len(other.events("worker_lost")) == lost_before
    else:
        assert moved == mine
        assert len(other.events("worker_lost")) == lost_before + 1
        assert cut.events("lease_lost")
    stage.drain()
    assert stage.judge() == []


def pids(worker: WorkerProcess) -> set[int]:
    """The processes of a worker."""
    return {process.pid for process in worker.family()}


def ran_since(stage: Stage, worker: WorkerProcess, since: float) -> bool:
    """Whether this worker has begun a job since then; submits more than the other one has slots for, call by call."""
    for _ in range(2):
        stage.submit("step", {"seconds": 0.3})
    return any(entry["t"] > since and entry["pid"] in pids(worker) for entry in stage.entries("start"))


def test_a_deaf_road_is_found_out_and_left(crew: tuple[Stage, WorkerProcess, WorkerProcess]) -> None:
    """Fault 21: packets vanish, nothing is closed: ready turns red and live stays green, jobs move, new connections."""
    import httpx

    stage, cut, _ = crew
    url = cut.wait_for("started")["http"]
    job = stage.submit("step", {"seconds": 0.05})
    stage.until_ended(job)
    deaf = time.monotonic()
    stage.proxy.deafen()
    try:
        stage.until(
            lambda: httpx.get(f"{url}/health/ready", timeout=10).status_code == 503, "ready is red", 15
        )
        assert httpx.get(f"{url}/health/live", timeout=10).status_code == 200
        assert stage.until_ended(stage.submit("step")) == ["completed"], "the other one goes on"
    finally:
        stage.proxy.heal()
    healed = time.monotonic()
    stage.until(lambda: ran_since(stage, cut, healed), "it takes jobs again", 15)
    assert healed - deaf < 15
    stage.until(lambda: httpx.get(f"{url}/health/ready", timeout=10).status_code == 200, "ready is green")
    stage.drain()
    assert stage.judge() == []


def test_a_slow_road_costs_time_and_no_lease(tmp_path: Path) -> None:
    """Fault 23, at the default lease: half a second each way, then stalls up to two, then a narrow road: no error."""
    pool = {"lease": "6s", "worker_count": 10}
    with Stage(tmp_path, seed=23, worker_pool=pool) as stage, stage.start_worker() as worker:
        worker.ready()
        for weather in (
            Weather(delay=0.5),
            Weather(stall_chance=0.05, longest_stall=2.0),
            Weather(bytes_per_second=20_000),
        ):
            stage.proxy.weather = weather
            jobs = [stage.submit("step", {"seconds": 0.1}) for _ in range(6)]
            assert stage.until_ended(*jobs) == ["completed"] * 6
        assert not [*worker.events("worker_lost"), *worker.events("lease_lost")]
        assert not worker.events("role_failed")
        assert stage.judge() == []


def test_a_hundred_blocked_reads_outlive_an_outage(tmp_path: Path) -> None:
    """Fault 22: the server is away for longer than a blocked read may last: a hundred of a hundred fetches go on."""

    class Fetcher:
        """A fetch on a connection of its own, in the shape of a role."""

        name = "fetch"

        def __init__(self, number: int, address: Address) -> None:
            self.transport = AsyncTransport(address)
            self.queue = RedisJobQueue(self.transport, Keys())
            self.subscription = Subscription(f"worker-{number}", {"default": 1})

        async def step(self) -> float:
            """Wait blocked for a job. Where the lease is gone it goes on at once, as the worker's own fetch does."""
            try:
                await self.queue.dequeue(self.subscription, 1, timedelta(seconds=4))
            except LeaseLost:
                await self.queue.dequeue(self.subscription, 1, timedelta(seconds=4))
            return 0

    async def scenario(server: ValkeyProcess, proxy: TcpProxy) -> None:
        address = Address(host="127.0.0.1", port=proxy.port)
        fetchers = [Fetcher(number, address) for number in range(FETCHERS)]
        runners = [RoleRunner(fetcher, SystemClock()) for fetcher in fetchers]
        for runner in runners:
            runner.start()
        with server.client() as client:
            await until(lambda: client.hlen("jobs:workers") == FETCHERS, 20)
        server.kill()
        await asyncio.sleep(4.5)  # longer than a blocked read
        assert all(runner.failure for runner in runners)
        server.start()
        healed = time.monotonic()
        producer = AsyncTransport(address)
        await RedisJobQueue(producer, Keys()).enqueue(messages(2 * FETCHERS))
        await until(lambda: all(runner.advanced > healed for runner in runners), 20)
        await producer.close()
        await asyncio.gather(*(runner.stop() for runner in runners))
        await asyncio.gather(*(fetcher.transport.close() for fetcher in fetchers))

    with ValkeyProcess(tmp_path, durable=False) as server, TcpProxy(server.socket_path) as proxy:
        run(scenario(server, proxy), 55)
