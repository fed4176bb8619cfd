"""The two curves of docs/benchmarks.md: throughput against backlog, latency against load."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from hexjobs import AsyncBackgroundJobService

from ..marks import Marks
from ..noop_jobs import mark, noop, report_stamps, stamp
from ..rounds import Figures, every_round
from ..server import valkey
from ..services import fill, fill_between_marks, service
from ..sizes import Sizes
from ..stopwatch import percentile
from ..worker_process import hexjobs_worker
from .drain import START_SECONDS, watch

LOADS = (100, 300, 1_000, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000)
"""Submits a second."""
KEPT_UP = 0.95
MOST_PENDING = 2_000
LAST_ANSWER_SECONDS = 0.05
TICK_SECONDS = 0.001


def backlogs(sizes: Sizes) -> list[int]:
    """The backlogs of the first curve, up to the large one: 1,000, 10,000, 100,000 and 1,000,000 at full size."""
    return [
        max(50, sizes.large_backlog // part) for part in ((10, 1) if sizes.is_tiny else (1000, 100, 10, 1))
    ]


@every_round
async def throughput_against_backlog(sizes: Sizes) -> Figures:
    """Jobs a second that a worker starts at the head of each backlog."""
    figures = {}
    for backlog in backlogs(sizes):
        count = min(backlog, sizes.small_backlog)
        with valkey() as server, Marks() as marks:
            async with service(server) as jobs:
                await fill_between_marks(jobs, marks, count, noop)
                await fill(jobs, backlog - count)
            with hexjobs_worker(server, 100):
                figures[f"curve.drain.{backlog}"] = watch(server, marks, count).jobs_per_second
    return figures


@every_round
async def latency_against_load(sizes: Sizes) -> Figures:
    """Milliseconds from when a job was due to be submitted to its start, at rising loads.

    The curve ends where what is submitted falls behind the load.
    """
    seconds = max(0.3, sizes.jobs / 20_000)
    figures: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        valkey() as server,
        Marks() as marks,
        hexjobs_worker(server, 100),
    ):
        async with service(server) as jobs:
            await jobs.submit_job(mark, marks.payload("runs"))
            marks.wait("runs", START_SECONDS)
            for load in LOADS[:2] if sizes.is_tiny else LOADS:
                reached = await offer(jobs, load, seconds)
                path = Path(folder) / str(load)
                await jobs.submit_job(report_stamps, {**marks.payload(str(load)), "path": str(path)})
                marks.wait(str(load), START_SECONDS)
                if reached < KEPT_UP * load and figures:
                    break
                waits = [nanoseconds / 1e6 for nanoseconds in json.loads(path.read_text())]
                figures[f"curve.p50.{load}"] = percentile(waits, 50)
                figures[f"curve.p99.{load}"] = percentile(waits, 99)
    return figures


async def offer(jobs: AsyncBackgroundJobService, load: int, seconds: float) -> float:
    """Submit `load` jobs a second, each when it is due, however long others take; how many a second were taken.

    It gives up where too many submits are waiting for their answer.
    """
    begin = time.monotonic_ns()
    step = 1e9 / load
    pending: set[asyncio.Task[str]] = set()
    failures: list[asyncio.Task[str]] = []
    submitted, count = 0, max(1, int(load * seconds))
    while submitted < count and len(pending) < MOST_PENDING:
        now = time.monotonic_ns()
        while submitted < count and begin + submitted * step <= now:
            due = int(begin + submitted * step)
            task = asyncio.create_task(jobs.submit_job(stamp, {"at": due, "text": "abcdefghijklmno"}))
            pending.add(task)
            task.add_done_callback(pending.discard)
            task.add_done_callback(lambda ended: failures.append(ended) if ended.exception() else None)
            submitted += 1
        await asyncio.sleep(TICK_SECONDS)
    while pending:
        await asyncio.wait(pending)
    took = (time.monotonic_ns() - begin) / 1e9 - LAST_ANSWER_SECONDS
    return (submitted - len(failures)) / max(seconds, took)
