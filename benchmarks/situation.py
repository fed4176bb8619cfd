"""Situation: a store that holds much of something, on a server of its own, measured a slice at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from hexjobs import AsyncBackgroundJobService, JobOptions

from .dead_letters import bury
from .gate import Gate
from .marks import Marks
from .noop_jobs import PAYLOAD, hold, mark, noop
from .server import Server
from .services import PART, fill, reconcile_elsewhere, submit_parts
from .sizes import Sizes

LATER = timedelta(days=1)
SLOTS = 100
SLICES, CALLS = 5, 20
LONE_CALLS = (1 + SLICES) * CALLS
PATIENCE_SECONDS = 60.0
Slices = Mapping[str, Sequence[float]]
"""What was measured in one turn, by figure."""


@dataclass(slots=True)
class Queues:
    """The queues of a store beside `default`: those of the measured worker, and those of workers elsewhere."""

    own: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, situation: str, count: int) -> Self:
        """What a situation has of `count` queues."""
        names = tuple(f"queue-{number:03}" for number in range(count))
        if situation == "queues":
            return cls(names[: count // 10], names[count // 10 :])
        return cls(names) if situation == "spread" else cls()


@dataclass(slots=True)
class Situation:
    """`base`, a small backlog alone, or beside it one of `backlog`, `queues`, `delayed` and `dead`; or `spread`.

    `queues`: a tenth of them are the worker's and take turns, one for all jobs of a turn; the others hold the backlog. `spread`:
    each job of a call is in another queue, and all of them are the worker's. Between its turns a worker stands at the gate.
    """

    name: str
    sizes: Sizes
    server: Server
    jobs: AsyncBackgroundJobService
    marks: Marks
    gate: Gate
    queues: Queues = field(default_factory=Queues)
    _turn: int = 0
    _slices: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def prepare(self) -> None:
        """Have what this situation is about, and a backlog that is made of what the turns will bring."""
        await reconcile_elsewhere(self.jobs)
        if self.name == "delayed":
            await fill(self.jobs, self.sizes.large_backlog, delay=LATER)
        elif self.name == "dead":
            await bury(self.jobs, self.sizes.dead_letters)
        backlog = self.sizes.large_backlog if self.name == "backlog" else self.sizes.small_backlog
        if self.queues.others:
            await fill(self.jobs, backlog, queues=self.queues.others)
            backlog = 0
        for _ in range(1 + backlog // self.sizes.block):
            await submit_parts(self.jobs, self._block())
            await fill(self.jobs, LONE_CALLS, queues=self._here)

    @property
    def _measured(self) -> int:
        return self.sizes.block * 3 // 4 - SLOTS - 2

    def _block(self) -> list[Any]:
        """The jobs of one turn: some to get warm, those between two marks, and those that hold the worker's slots."""
        lead = self.sizes.block - self._measured - SLOTS - 2
        jobs: list[Any] = [(noop, PAYLOAD)] * lead + [(mark, self.marks.payload("first"))]
        jobs += [(noop, PAYLOAD)] * self._measured + [(mark, self.marks.payload("last"))]
        jobs += [(hold, self.gate.payload)] * SLOTS
        names = self.queues.own if self.name == "spread" else self._here
        return [(*each, JobOptions(queue=names[at % len(names)])) for at, each in enumerate(jobs)]

    @property
    def _here(self) -> tuple[str, ...]:
        """The queue of this turn, for jobs that are all in one."""
        return (self.queues.own[self._turn % len(self.queues.own)] if self.queues.others else "default",)

    async def turn(self) -> Slices:
        """Slices of everything. The first calls of a kind are not counted."""
        self._turn += 1
        self._slices = defaultdict(list)
        await self._submit_alone()
        requests = self._block()
        for first in range(0, len(requests), PART):
            part = requests[first : first + PART]
            begin, before = time.perf_counter(), self.server.work()
            await submit_parts(self.jobs, part)
            seconds, work = time.perf_counter() - begin, self.server.work() - before
            if first or len(requests) <= PART:
                self._slices["submit_us"].append(work.script_us / len(part))
                self._slices["submits_per_second"].append(len(part) / seconds)
        self._drain()
        return self._slices

    def _drain(self) -> None:
        """Let the worker go, up to the next time that all of its slots are held."""
        before = self.server.work()
        self.gate.open()
        first, last = self.marks.wait("first", PATIENCE_SECONDS), self.marks.wait("last", PATIENCE_SECONDS)
        self.gate.wait(PATIENCE_SECONDS)
        work = self.server.work() - before
        # Those that were submitted alone are in this turn too, but where they are in one queue of very many.
        jobs = self.sizes.block + (0 if self.name == "spread" else LONE_CALLS)
        self._slices["drain_us"].append(work.script_us / jobs)
        self._slices["worker_us"].append((last.cpu - first.cpu) / self._measured * 1e6)
        self._slices["jobs_per_second"].append(self._measured / (last.at - first.at) * 1e9)

    async def _submit_alone(self) -> None:
        for number in range(1 + SLICES):
            before = self.server.work()
            for _ in range(CALLS):
                await self.jobs.submit_job(noop, PAYLOAD, queue=self._here[0])
            work = self.server.work() - before
            if number:
                self._slices["lone_us"].append(work.script_us / work.script_calls)
