"""Slot: one place in which a job can run."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass
from enum import Enum, auto

from ...application.run import Run, StopReason
from ...ports.delivery import Delivery
from ...ports.worker import SlotHealth


class Stage(Enum):
    """How far a delivery has come in its slot."""

    STARTING = auto()
    RUNNING = auto()
    TOLD = auto()
    """A thread or a process was told to stop, and may do so by itself."""
    STOPPING = auto()
    """Its task is cancelled, its thread interrupted."""
    GIVEN_UP = auto()
    """It goes on all the same, and nobody waits for it: the slot is a zombie."""
    SETTLING = auto()


@dataclass(slots=True, eq=False)
class Slot:
    """One place in which a job can run. `due` is when the run is looked after next, by the event loop's clock."""

    number: int
    since: float
    jobs_run: int = 0
    stage: Stage = Stage.STARTING
    run: Run | None = None
    delivery: Delivery | None = None
    task: asyncio.Task[None] | None = None
    due: float = math.inf
    stop_early: StopReason | None = None
    """Why a delivery that has no run yet must not go on."""

    @property
    def job_type(self) -> str:
        """The type of the job, once it is known."""
        return "unknown" if self.run is None else self.run.job_type

    def end_run(self) -> asyncio.Task[None] | None:
        """Nothing stops the slot's task from here on; the task, where a cancelling is on its way to it."""
        self.stage, self.due = Stage.SETTLING, math.inf
        task = self.task
        return task if task is not None and task.cancelling() else None

    @staticmethod
    async def hear(cancelling: asyncio.Task[None]) -> None:
        """Let a cancelling of the current task come now, where it harms nothing."""
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        while cancelling.uncancel():
            pass

    def clear(self, now: float) -> None:
        """Forget the job that has ended."""
        self.run = self.delivery = self.task = self.stop_early = None
        self.stage, self.due, self.since = Stage.STARTING, math.inf, now
        self.jobs_run += 1

    def health(self, now: float) -> SlotHealth:
        """What it does, and for how long."""
        delivery, run = self.delivery, self.run
        busy = "zombie" if self.stage is Stage.GIVEN_UP else "busy"
        return SlotHealth(
            slot=self.number,
            state="idle" if delivery is None else busy,
            job_id=None if delivery is None else delivery.job_id,
            job_type=None if run is None else run.job_type,
            seconds=round(now - self.since, 3),
            jobs_run=self.jobs_run,
        )
