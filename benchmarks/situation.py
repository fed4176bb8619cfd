"""Situation: a store that holds much of something, on a server of its own, measured a slice at a time."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hexjobs import AsyncBackgroundJobService, JobOptions

from .dead_letters import bury
from .gate import Gate
from .marks import Marks
from .noop_jobs import PAYLOAD, hold, mark, noop
from .server import Server
from .services import fill, reconcile_elsewhere, submit_parts
from .sizes import Sizes

LATER = timedelta(days=1)
SLOTS = 100
SLICES, CALLS = 5, 20
LONE_CALLS = (1 + SLICES) * CALLS
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Situation:
    """`base`, a small backlog alone, or beside it one of `backlog`, `queues`, `delayed` and `dead`.

    Between its turns its worker stands at the gate. The queues are given where jobs are spread over many.
    """

    name: str
    sizes: Sizes
    server: Server
    jobs: AsyncBackgroundJobService
    marks: Marks
    gate: Gate
    queues: tuple[str, ...] = ()
    slices: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """What the turns of this round have measured."""

    async def prepare(self) -> None:
        """Have what this situation is about, and a backlog that is made of what the turns will bring."""
        await reconcile_elsewhere(self.jobs)
        if self.name == "delayed":
            await fill(self.jobs, self.sizes.large_backlog, delay=LATER)
        elif self.name == "dead":
            await bury(self.jobs, self.sizes.dead_letters)
        backlog = self.sizes.large_backlog if self.name == "backlog" else self.sizes.small_backlog
        for _ in range(1 + backlog // self.sizes.block):
            await submit_parts(self.jobs, self._block())
            await fill(self.jobs, LONE_CALLS)

    @property
    def _measured(self) -> int:
        return self.sizes.block * 3 // 4 - SLOTS - 2

    def _block(self) -> list[Any]:
        """The jobs of one turn: some to get warm, those between two marks, and those that hold the worker's slots."""
        lead = self.sizes.block - self._measured - SLOTS - 2
        jobs: list[Any] = [(noop, PAYLOAD)] * lead + [(mark, self.marks.payload("first"))]
        jobs += [(noop, PAYLOAD)] * self._measured + [(mark, self.marks.payload("last"))]
        jobs += [(hold, self.gate.payload)] * SLOTS
        if not self.queues:
            return jobs
        names = self.queues
        return [(*each, JobOptions(queue=names[at % len(names)])) for at, each in enumerate(jobs)]

    async def turn(self) -> None:
        """A slice of everything. The first calls of a kind are not counted."""
        await self._calls("empty_us", self._empty)
        await self._calls("lone_us", self._lone)
        requests = self._block()
        half = len(requests) // 2
        await submit_parts(self.jobs, requests[:half])
        begin, before = time.perf_counter(), self.server.work()
        await submit_parts(self.jobs, requests[half:])
        seconds, work = time.perf_counter() - begin, self.server.work() - before
        self.slices["submit_us"].append(work.script_us / (len(requests) - half))
        self.slices["submits_per_second"].append((len(requests) - half) / seconds)
        self._drain()

    def _drain(self) -> None:
        """Let the worker go, up to the next time that all of its slots are held."""
        before = self.server.work()
        self.gate.open()
        first, last = self.marks.wait("first", PATIENCE_SECONDS), self.marks.wait("last", PATIENCE_SECONDS)
        self.gate.wait(PATIENCE_SECONDS)
        work = self.server.work() - before
        # Those that were submitted alone are in this turn too, but where they are in one queue of very many.
        jobs = self.sizes.block + (0 if self.queues else LONE_CALLS)
        self.slices["drain_us"].append(work.script_us / jobs)
        self.slices["worker_us"].append((last.cpu - first.cpu) / self._measured * 1e6)
        self.slices["jobs_per_second"].append(self._measured / (last.at - first.at) * 1e9)

    async def _lone(self) -> None:
        await self.jobs.submit_job(noop, PAYLOAD)

    async def _empty(self) -> None:
        """A script that does nothing: what any script costs this server, with what it holds."""
        self.server.watcher.eval("return 0", 0)

    async def _calls(self, figure: str, call: Callable[[], Awaitable[None]]) -> None:
        """Microseconds of the server for a call, one after the other."""
        for number in range(1 + SLICES):
            before = self.server.work()
            for _ in range(CALLS):
                await call()
            work = self.server.work() - before
            if number:
                self.slices[figure].append(work.script_us / work.script_calls)

    def figures(self) -> dict[str, float]:
        """The medians of the turns since they were last asked for."""
        found = {f"growth.{self.name}.{key}": statistics.median(each) for key, each in self.slices.items()}
        self.slices.clear()
        return found
