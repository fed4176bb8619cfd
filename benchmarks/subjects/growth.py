"""Whether anything costs more where the store holds more: backlogs, queues, delayed jobs, dead letters.

Each situation has a server of its own for all rounds, and the rounds take the situations in turns. In each round a
fresh worker drains as many jobs as the small backlog has, and as many are submitted before.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

from hexjobs import AsyncBackgroundJobService

from ..dead_letters import bury
from ..marks import Marks
from ..noop_jobs import PAYLOAD, noop
from ..server import Server, valkey
from ..services import fill, fill_between_marks, service
from ..sizes import Sizes
from ..worker_process import hexjobs_worker
from .drain import watch

LATER = timedelta(days=1)
LONE_CALLS = 200
SITUATIONS = ("base", "backlog", "queues", "delayed", "dead")
QUEUE_NAMES = tuple(f"queue-{number}" for number in range(1000))


@dataclass(slots=True)
class Situation:
    """One server and what it holds."""

    name: str
    sizes: Sizes
    server: Server
    jobs: AsyncBackgroundJobService
    marks: Marks
    queues: Sequence[str] = ()
    laid: int = 0
    """Rounds whose jobs lie in the backlog already."""
    figures: dict[str, float] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Have what this situation is about, before the first round."""
        sizes = self.sizes
        if self.name == "delayed":
            await fill(self.jobs, sizes.large_backlog, delay=LATER)
        elif self.name == "dead":
            await bury(self.jobs, sizes.dead_letters)
        elif self.name == "backlog":
            # Each round's jobs lie behind the one's before, and after them enough for the worker to stop within.
            for _ in range(sizes.rounds):
                await fill_between_marks(self.jobs, self.marks, sizes.small_backlog)
                await fill(self.jobs, 2 * sizes.small_backlog)
                self.laid += 1
            await fill(self.jobs, sizes.large_backlog - self.laid * 3 * sizes.small_backlog)

    async def measure(self) -> dict[str, float]:
        """One round: submit, then drain."""
        count = self.sizes.small_backlog
        lone_us = await self._lone_calls()
        begin, before = time.perf_counter(), self.server.work()
        if self.laid:
            await fill(self.jobs, count)
        else:
            await fill_between_marks(self.jobs, self.marks, count, queues=self.queues)
        seconds, work = time.perf_counter() - begin, self.server.work() - before
        with hexjobs_worker(self.server, 100, queues=self.queues):
            drained = watch(self.server, self.marks, count)
        return {
            f"growth.{self.name}.submit_us": work.script_us / count,
            f"growth.{self.name}.submits_per_second": count / seconds,
            f"growth.{self.name}.empty_us": self._empty_calls(),
            f"growth.{self.name}.lone_us": lone_us,
            f"growth.{self.name}.drain_us": drained.script_us,
            f"growth.{self.name}.worker_us": drained.worker_us,
            f"growth.{self.name}.jobs_per_second": drained.jobs_per_second,
        }

    async def _lone_calls(self) -> float:
        """Microseconds of the script that takes one job in."""
        before = self.server.work()
        for _ in range(LONE_CALLS):
            await self.jobs.submit_job(noop, PAYLOAD)
        work = self.server.work() - before
        return work.script_us / work.script_calls

    def _empty_calls(self) -> float:
        """Microseconds of a script that does nothing: what any script costs this server, with what it holds."""
        before = self.server.work()
        for _ in range(LONE_CALLS):
            self.server.watcher.eval("return 0", 0)
        work = self.server.work() - before
        return work.script_us / work.script_calls


async def growth(sizes: Sizes) -> AsyncIterator[dict[str, float]]:
    """Every situation in its turn."""
    async with AsyncExitStack() as stack:
        situations = []
        for name in SITUATIONS:
            server, marks = stack.enter_context(valkey()), stack.enter_context(Marks())
            queues = QUEUE_NAMES[: sizes.queues] if name == "queues" else ()
            jobs = await stack.enter_async_context(service(server, queues))
            situation = Situation(name, sizes, server, jobs, marks, queues)
            await situation.prepare()
            situations.append(situation)
        while True:
            figures: dict[str, float] = {}
            for situation in situations:
                figures |= await situation.measure()
            yield figures
