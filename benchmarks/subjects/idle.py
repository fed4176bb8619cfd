"""What a worker costs that has nothing to do."""

from __future__ import annotations

import asyncio
import time

import psutil

from ..marks import Marks
from ..noop_jobs import mark
from ..request_count import RequestCount
from ..rounds import Figures, every_round
from ..server import Server, valkey
from ..services import service
from ..sizes import Sizes
from ..worker_process import WorkerProcess, hexjobs_worker
from .drain import START_SECONDS

CHILDREN_SECONDS = 30.0


@every_round
async def idle(sizes: Sizes) -> Figures:
    """A worker is watched for a while; then a second kind, with two children, is weighed."""
    with valkey() as server, Marks() as marks, hexjobs_worker(server, 5) as worker:
        await wait_until_it_runs(server, marks)
        await asyncio.sleep(sizes.settle_seconds)
        figures = await _watched(server, worker, sizes.idle_seconds)
    with valkey() as server, Marks() as marks, hexjobs_worker(server, 5, processes=2) as worker:
        await wait_until_it_runs(server, marks)
        figures |= await _weighed(worker, sizes.settle_seconds)
    return figures


async def wait_until_it_runs(server: Server, marks: Marks) -> None:
    """Return when a worker has run a job."""
    async with service(server) as jobs:
        await jobs.submit_job(mark, marks.payload("runs"))
        marks.wait("runs", START_SECONDS)


async def _watched(server: Server, worker: WorkerProcess, seconds: float) -> dict[str, float]:
    [child] = worker.children()

    def counts() -> tuple[float, int, float, float]:
        return time.monotonic(), server.commands(), _cpu(child), _cpu(worker.supervisor)

    before = counts()
    with RequestCount(server) as counter:
        await asyncio.sleep(seconds)
        requests = counter.read()
    after = counts()
    passed, commands, child_cpu, parent_cpu = (b - a for a, b in zip(before, after, strict=True))
    return {
        "idle.requests": requests / passed,
        "idle.commands": commands / passed,
        "idle.cpu": child_cpu / passed * 100,
        "idle.supervisor_cpu": parent_cpu / passed * 100,
    }


async def _weighed(worker: WorkerProcess, settle: float) -> dict[str, float]:
    ends = time.monotonic() + CHILDREN_SECONDS
    while len(worker.children()) < 2 and time.monotonic() < ends:
        await asyncio.sleep(0.05)
    await asyncio.sleep(settle)
    without_http = [child for child in worker.children() if not _listens(child)]
    return {
        "idle.child_rss": max(child.memory_info().rss for child in without_http) / 2**20,
        "idle.supervisor_rss": worker.supervisor.memory_info().rss / 2**20,
    }


def _listens(process: psutil.Process) -> bool:
    return any(each.status == psutil.CONN_LISTEN for each in process.net_connections("inet"))


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
