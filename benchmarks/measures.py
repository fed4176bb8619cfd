"""What is measured, each against the bare client on the same server: every function returns one figure."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis
import redis.asyncio

from hexjobs import AsyncBackgroundJobService, JobContext, job_handler
from hexjobs.container import Container
from hexjobs.settings import load_settings

PAYLOAD = {"n": 123456, "text": "abcdefghijklmnopqrstuvwxyz01"}  # 48 bytes of JSON
STARTED: list[float] = []


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Nothing, on the event loop."""


@job_handler("noop_in_thread")
def noop_in_thread(context: JobContext, payload: dict[str, Any]) -> None:
    """Nothing, in a thread."""


@job_handler("stamps")
async def stamps(context: JobContext, payload: dict[str, Any]) -> None:
    """Notes when it began."""
    STARTED.append(time.perf_counter())


@asynccontextmanager
async def service(path: str, slots: int = 100) -> AsyncIterator[AsyncBackgroundJobService]:
    """A service on the benchmark's server."""
    overrides = {
        "provider": "redis",
        "redis": {"addr": f"unix://{path}"},
        "handlers": ["measures"],
        "worker_pool": {"worker_count": slots},
    }
    settings = load_settings(None, environ={}, overrides={"jobs": overrides})
    async with AsyncBackgroundJobService(Container(settings=settings)) as jobs:
        yield jobs


async def bare_push(path: str, count: int) -> float:
    """LPUSH per second, one awaited after the other."""
    async with redis.asyncio.Redis(unix_socket_path=path) as client:
        begin = time.perf_counter()
        for _ in range(count):
            await client.lpush("bare", b"x" * 48)
        return count / (time.perf_counter() - begin)


async def bare_pipelines(path: str, count: int) -> float:
    """LPUSH per second in pipelines of 100."""
    async with redis.asyncio.Redis(unix_socket_path=path) as client:
        begin = time.perf_counter()
        for _ in range(count // 100):
            pipeline = client.pipeline(transaction=False)
            for _ in range(100):
                pipeline.lpush("bare", b"x" * 48)
            await pipeline.execute()
        return count / (time.perf_counter() - begin)


async def submit_one_by_one(path: str, count: int) -> float:
    """Submits per second, one awaited after the other."""
    async with service(path) as jobs:
        await jobs.submit_job(noop, PAYLOAD)
        begin = time.perf_counter()
        for _ in range(count):
            await jobs.submit_job(noop, PAYLOAD)
        return count / (time.perf_counter() - begin)


async def submit_in_bulk(path: str, count: int) -> float:
    """Submits per second, a thousand in each `submit_jobs`."""
    async with service(path) as jobs:
        begin = time.perf_counter()
        for _ in range(count // 1000):
            await jobs.submit_jobs([(noop, PAYLOAD)] * 1000)
        return count / (time.perf_counter() - begin)


async def bytes_per_waiting_job(path: str, count: int) -> float:
    """Memory of the server for one waiting job."""
    async with service(path) as jobs:
        with redis.Redis(unix_socket_path=path) as client:
            before = client.info("memory")["used_memory"]
            for _ in range(count // 1000):
                await jobs.submit_jobs([(noop, PAYLOAD)] * 1000)
            return float(client.info("memory")["used_memory"] - before) / count


async def drain(path: str, count: int, handler: Any = noop, slots: int = 100) -> dict[str, float]:
    """Jobs per second through one worker, its CPU per job in microseconds, the server's CPU per 10,000 jobs in seconds."""
    async with service(path, slots) as jobs:
        for _ in range(count // 1000):
            await jobs.submit_jobs([(handler, PAYLOAD)] * 1000)
        worker = jobs.container.worker()
        with redis.Redis(unix_socket_path=path) as client:
            server, own, begin = _server_cpu(client), _own_cpu(), time.perf_counter()
            await worker.start()
            while worker.pool.statistics().processed < count:
                await asyncio.sleep(0.002)
            seconds = time.perf_counter() - begin
            figures = {
                "jobs_per_second": count / seconds,
                "worker_us_per_job": (_own_cpu() - own) / count * 1e6,
                "server_s_per_10k": (_server_cpu(client) - server) / count * 1e4,
            }
        await worker.stop()
        jobs.container.caller().close()
        return figures


async def submit_to_start(path: str, count: int) -> dict[str, float]:
    """Milliseconds from the call of submit to the first line of the handler, on an idle worker."""
    async with service(path, slots=5) as jobs:
        worker = jobs.container.worker()
        await worker.start()
        waits = []
        for _ in range(count):
            await asyncio.sleep(0.005)  # idle again
            STARTED.clear()
            begin = time.perf_counter()
            await jobs.submit_job(stamps, PAYLOAD)
            while not STARTED:
                await asyncio.sleep(0)
            waits.append((STARTED[0] - begin) * 1000)
        await worker.stop()
    return {"p50_ms": statistics.median(waits), "p99_ms": statistics.quantiles(waits, n=100)[98]}


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _server_cpu(client: redis.Redis) -> float:
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])
