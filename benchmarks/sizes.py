"""Sizes: how much is measured, from the environment: JOBS, ROUNDS, SECONDS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

FULL_JOBS = 40_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. All else follows from the number of jobs, so that a part can be looked at quickly."""

    jobs: int = FULL_JOBS
    rounds: int = 3
    idle_seconds: float = 60.0

    @classmethod
    def from_environment(cls) -> Self:
        """JOBS (40000), ROUNDS (3), SECONDS of watching an idle worker (60, less with fewer jobs)."""
        jobs = max(100, int(os.environ.get("JOBS", str(FULL_JOBS))))
        seconds = float(os.environ.get("SECONDS", str(60.0 if jobs >= 20_000 else 3.0)))
        return cls(jobs, int(os.environ.get("ROUNDS", "3")), seconds)

    @property
    def submits(self) -> int:
        """Calls that are awaited one after the other."""
        return self.jobs // 8

    @property
    def latencies(self) -> int:
        """Single jobs whose way is timed."""
        return max(20, min(1000, self.jobs // 40))

    @property
    def small_backlog(self) -> int:
        """10,000 at full size."""
        return self.jobs // 4

    @property
    def large_backlog(self) -> int:
        """1,000,000 at full size; also the delayed jobs."""
        return self.jobs * 25

    @property
    def block(self) -> int:
        """4,000 at full size: what a worker runs in one turn of those whose stores are compared."""
        return max(400, self.small_backlog * 2 // 5)

    @property
    def turns(self) -> int:
        """25 at full size: turns of each of them in a round."""
        return max(1, min(25, self.jobs // 1600))

    @property
    def dead_letters(self) -> int:
        """100,000 at full size."""
        return self.jobs * 5 // 2

    @property
    def due_at_once(self) -> int:
        """100,000 at full size."""
        return self.jobs * 5 // 2

    @property
    def bursts(self) -> int:
        """3 at full size: times in a round that submits are watched beside such a burst."""
        return 3 if self.jobs >= 20_000 else 1

    @property
    def alone(self) -> int:
        """200 at full size: jobs that are due alone, one after the other."""
        return max(20, min(200, self.jobs // 200))

    @property
    def queues(self) -> int:
        """1,000 at full size."""
        return max(10, min(1000, self.jobs // 40))

    @property
    def settle_seconds(self) -> float:
        """How long a worker that has started is left alone before it is watched."""
        return min(8.0, self.idle_seconds)

    @property
    def is_tiny(self) -> bool:
        """Whether this only shows that the harness works."""
        return self.jobs < 1000

    @property
    def starts(self) -> int:
        """Processes that are started and timed, of each kind in each round."""
        return 10 if self.jobs >= 20_000 else 1

    @property
    def worker_starts(self) -> int:
        """Workers that are started and timed in each round."""
        return 5 if self.jobs >= 20_000 else 1
