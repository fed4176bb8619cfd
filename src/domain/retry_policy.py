"""RetryPolicy: whether a failed job runs again, and when."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

Backoff = Callable[[int], timedelta]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter and a cap.

    After failed attempt n (counted from 1) the next run waits `delay * 2**(n-1)`, at most `cap`, scaled by a random
    factor between one half and one ("equal jitter", Marc Brooker, "Exponential Backoff And Jitter", 2015). `backoff`,
    where given, replaces the formula: it gets n and returns the wait as it is.
    """

    max_retries: int = 3
    delay: timedelta = timedelta(seconds=5)
    cap: timedelta = timedelta(hours=1)
    backoff: Backoff | None = None

    def allows(self, attempt: int) -> bool:
        """Whether another run may follow failed attempt `attempt`."""
        return attempt <= self.max_retries

    def wait(self, attempt: int, random: float) -> timedelta:
        """How long to wait after failed attempt `attempt` (from 1); `random` is in [0, 1)."""
        if self.backoff is not None:
            return self.backoff(attempt)
        exponent = min(attempt - 1, 64)
        seconds = min(math.ldexp(self.delay.total_seconds(), exponent), self.cap.total_seconds())
        return timedelta(seconds=seconds * (0.5 + random / 2))
