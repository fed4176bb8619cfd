"""Draining: jobs that wait, through one worker process, from the start of the first to the start of the last."""

from __future__ import annotations

from typing import Any

from ..marks import Mark, Marks
from ..noop_jobs import noop, noop_in_thread
from ..rounds import Figures, every_round
from ..server import Server, ServerWork, valkey
from ..services import fill_between_marks, service
from ..sizes import Sizes
from ..worker_process import hexjobs_worker

START_SECONDS = 60.0
SECONDS_PER_JOB = 0.01


class Drained:
    """What came of `count` jobs between two marks."""

    def __init__(self, count: int, first: Mark, last: Mark, work: ServerWork) -> None:
        self.jobs_per_second = count / (last.at - first.at) * 1e9
        self.worker_us = (last.cpu - first.cpu) / count * 1e6
        self.server_s_per_10k = work.cpu_seconds / count * 1e4
        self.script_us = work.script_us / count
        self.script_calls = work.script_calls / count

    def figures(self, prefix: str) -> dict[str, float]:
        """Jobs a second, CPU of the worker in microseconds a job, CPU of the server in seconds for 10,000."""
        return {
            f"{prefix}.jobs_per_second": self.jobs_per_second,
            f"{prefix}.worker_us": self.worker_us,
            f"{prefix}.server_s_per_10k": self.server_s_per_10k,
        }


def watch(server: Server, marks: Marks, count: int) -> Drained:
    """Wait for the two marks; what happened between them."""
    first = marks.wait("first", START_SECONDS)
    before = server.work()
    last = marks.wait("last", START_SECONDS + count * SECONDS_PER_JOB)
    return Drained(count, first, last, server.work() - before)


async def drain_once(count: int, handler: Any, slots: int) -> Drained:
    """On a server of its own."""
    with valkey() as server, Marks() as marks:
        async with service(server) as jobs:
            await fill_between_marks(jobs, marks, count, handler)
        with hexjobs_worker(server, slots):
            return watch(server, marks, count)


@every_round
async def drain(sizes: Sizes) -> Figures:
    """`async def` in 100 and in 5 slots, `def` in 100."""
    wide = await drain_once(sizes.jobs, noop, 100)
    narrow = await drain_once(sizes.jobs // 2, noop, 5)
    threads = await drain_once(sizes.jobs // 2, noop_in_thread, 100)
    return {
        **wide.figures("drain.async"),
        **narrow.figures("drain.async_5"),
        **threads.figures("drain.threads"),
    }
