"""Worker and WorkerPool: what runs jobs in one process. Scheduler: what makes recurring jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .health_check import Health
from .schedule_entry import ScheduleEntry


@dataclass(frozen=True, slots=True)
class SlotHealth:
    """One slot of a pool: what it does, and since when (seconds on the monotonic clock, as an age).

    `state` is `idle`, `busy`, or `zombie`: its run was given up and still goes on.
    """

    slot: int
    state: str
    job_id: str | None
    job_type: str | None
    seconds: float
    jobs_run: int


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """What a pool has done since it started. `zombies` are runs that were given up and still go on."""

    slots: int
    busy: int
    processed: int
    succeeded: int
    retried: int
    failed: int
    cancelled: int
    given_back: int
    refused: int
    zombies: int = 0

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class WorkerPool(Protocol):
    """N slots that run jobs at the same time in one process."""

    def statistics(self) -> PoolStatistics:
        """What the pool has done so far."""
        ...

    def slots(self) -> list[SlotHealth]:
        """Each slot and what it does."""
        ...

    def add_workers(self, count: int) -> int:
        """Add slots while running; the new number of slots."""
        ...

    def remove_workers(self, count: int) -> int:
        """Remove slots while running: idle ones at once, busy ones after their job. At least one stays."""
        ...


class Worker(Protocol):
    """One process's part in running jobs: a pool and a few small background roles of one shape."""

    @property
    def worker_id(self) -> str:
        """Its identity; never reused."""
        ...

    async def start(self) -> None:
        """Start the roles; returns when they run."""
        ...

    async def stop(self) -> None:
        """Stop fetching; let jobs finish up to the deadline; give the rest back. May be called twice."""
        ...

    def health(self) -> Health:
        """Whether every role advances, and each slot.

        `details["stuck"]` is true where only a new process helps; an unreachable server is never that.
        `details["recycle"]` is None, or a word for why a new process should take over, gracefully: `zombies`.
        """
        ...


class Scheduler(Protocol):
    """Makes the jobs of recurring schedules when they are due."""

    async def run_due(self) -> float:
        """Fire what is due; the seconds until the next look is needed."""
        ...

    def next_due(self, entry: ScheduleEntry, after: int) -> int | None:
        """When a kept schedule is due first after `after`, jitter included, both in milliseconds since 1970; None: never.

        InvalidJob where its definition cannot be read.
        """
        ...
