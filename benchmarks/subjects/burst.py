"""Many delayed jobs that are due at one instant: how soon the last one starts, and what submits have to bear meanwhile.

One server and one warm worker. As many jobs that wait in their queue are drained in the same round, for comparison; with
submits beside them both happen several times in turns, for each time lasts three seconds, and which processes share a processor
changes meanwhile.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from hexjobs import AsyncBackgroundJobService, JobOptions

from ..marks import Mark, Marks
from ..noop_jobs import PAYLOAD, mark, noop
from ..rounds import Figures, every_round
from ..server import valkey
from ..services import fill, fill_between_marks, service, submit_parts
from ..sizes import Sizes
from ..stopwatch import percentile
from ..worker_process import hexjobs_worker
from .drain import SECONDS_PER_JOB, START_SECONDS

PAUSE_SECONDS = 0.001
SPARE_SECONDS = 2.0


@dataclass(slots=True)
class Burst:
    """Fills the store, lets go, and watches."""

    jobs: AsyncBackgroundJobService
    marks: Marks
    count: int
    fill_seconds: float = 0.0

    async def waiting(self) -> tuple[Mark, Mark]:
        """Jobs that wait in their queue: when the first and the last one began."""
        await self.lay_waiting()
        await self.jobs.resume_queue("default")
        return await self.ended("first"), await self.ended("last")

    async def lay_waiting(self) -> None:
        """Have them wait, the queue paused."""
        await self.jobs.pause_queue("default")
        begin = time.monotonic()
        await fill_between_marks(self.jobs, self.marks, self.count)
        self.fill_seconds = time.monotonic() - begin

    async def lay_delayed(self) -> datetime:
        """Have them wait for one instant, which lies ahead; RuntimeError where this took too long."""
        due = datetime.fromtimestamp(math.ceil(time.time() + 2 * self.fill_seconds + SPARE_SECONDS), UTC)
        at = JobOptions(scheduled_at=due)
        await submit_parts(self.jobs, [(noop, PAYLOAD, at)] * self.count)
        # Of those that are due at one instant the one with the least id is promoted first, and ids grow.
        await self.jobs.submit_job_with_options(mark, self.marks.payload("last"), at)
        if datetime.now(UTC) >= due:
            raise RuntimeError("the jobs were due before all were submitted")
        return due

    async def ended(self, what: str) -> Mark:
        """The next mark about this."""
        seconds = START_SECONDS + self.count * SECONDS_PER_JOB
        return await asyncio.to_thread(self.marks.wait, what, seconds)

    async def submits_while_waiting_drain(self) -> list[float]:
        """Milliseconds of each submit while jobs start that waited in their queue."""
        await self.lay_waiting()
        ends = asyncio.ensure_future(self.ended("last"))
        await self.jobs.resume_queue("default")
        return await self._submits_until(ends)

    async def submits_while_delayed_start(self) -> list[float]:
        """Milliseconds of each submit from the instant on that delayed jobs waited for."""
        due = await self.lay_delayed()
        ends = asyncio.ensure_future(self.ended("last"))
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        return await self._submits_until(ends)

    async def _submits_until(self, ends: asyncio.Future[Mark]) -> list[float]:
        found = []
        while not ends.done():
            found += await submits(self.jobs, 1)
        ends.result()
        return found


async def submits(jobs: AsyncBackgroundJobService, count: int) -> list[float]:
    """Milliseconds of so many submits, one after the other with a little time between them."""
    found = []
    for _ in range(count):
        await asyncio.sleep(PAUSE_SECONDS)
        begin = time.perf_counter()
        await jobs.submit_job(noop, PAYLOAD)
        found.append((time.perf_counter() - begin) * 1e3)
    return found


def monotonic_of(instant: datetime) -> int:
    """The monotonic nanosecond of an instant."""
    return time.monotonic_ns() + int((instant.timestamp() - time.time()) * 1e9)


@every_round
async def burst(sizes: Sizes) -> Figures:
    """Jobs a second, then milliseconds of submits: on the quiet server, during a drain, and during the promotion."""
    count = sizes.due_at_once
    with valkey() as server, Marks() as marks, hexjobs_worker(server, 100):
        async with service(server) as jobs:
            await jobs.submit_job(mark, marks.payload("runs"))
            marks.wait("runs", START_SECONDS)
            await fill(jobs, max(100, count // 10))
            scene = Burst(jobs, marks, count)
            first, last = await scene.waiting()
            due = await scene.lay_delayed()
            promoted = await scene.ended("last")
            figures = {
                "burst.waiting": count / (last.at - first.at) * 1e9,
                "burst.delayed": count / (promoted.at - monotonic_of(due)) * 1e9,
            }
            found = {"quiet": await submits(jobs, sizes.latencies), "draining": [], "promoting": []}
            for _ in range(sizes.bursts):
                found["draining"] += await scene.submits_while_waiting_drain()
                found["promoting"] += await scene.submits_while_delayed_start()
    for name, milliseconds in found.items():
        figures[f"burst.{name}_p50"] = percentile(milliseconds, 50)
        figures[f"burst.{name}_p99"] = percentile(milliseconds, 99)
    return figures
