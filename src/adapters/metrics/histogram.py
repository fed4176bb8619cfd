"""Histogram: how many values fell under each bound, and their sum."""

from __future__ import annotations

from bisect import bisect_left
from math import inf

SECONDS = (
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0,
)  # fmt: skip
"""Bounds for durations and waits: from a millisecond to an hour."""


class Histogram:
    """How many values fell under each bound, and their sum. `counts` has one place more than `bounds`: beyond the last.

    Not locked: the owner sees to that.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value. A negative one, as two clocks can make, counts as zero; so does one that is not finite."""
        if not 0.0 <= value < inf:
            value = 0.0
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def copy(self) -> Histogram:
        """The same figures, which no longer change."""
        twin = Histogram(self.bounds)
        twin.counts, twin.sum = self.counts[:], self.sum
        return twin

    def cumulative(self) -> list[tuple[float, int]]:
        """Each bound, and `inf` last, with the number of values that are not greater."""
        total, rows = 0, []
        for bound, count in zip((*self.bounds, inf), self.counts, strict=True):
            total += count
            rows.append((bound, total))
        return rows
