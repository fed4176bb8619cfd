"""Moment: a time, and who had used the processor by then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from .thread_times import thread_seconds

LONGEST_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clocks showed together: `at` on the monotonic one, `used` by the process, `threads` by native id; in seconds."""

    at: float
    used: float
    threads: Mapping[int, float]

    @classmethod
    def now(cls) -> Self:
        """The present. Who was held up between two clocks looks again: they would tell of different times."""
        while True:
            moment = cls(time.monotonic(), time.process_time(), thread_seconds())
            if time.monotonic() - moment.at < LONGEST_LOOK_SECONDS:
                return moment

    def busy_since(self, before: Moment) -> dict[int, float]:
        """How long each thread was on the processor between two moments; empty where the platform does not tell."""
        return {native: total - before.threads.get(native, 0) for native, total in self.threads.items()}

    def busiest_since(self, before: Moment) -> float:
        """How long the busiest thread was; all of the process, where the platform does not tell of threads."""
        return max(self.busy_since(before).values(), default=self.used - before.used)
