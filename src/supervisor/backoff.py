"""Backoff: how long to wait before a child that died is started again."""

from __future__ import annotations


class Backoff:
    """No wait after a child that had lived for `settled` seconds, and none after the first that had not; then doubling ones.

    All times are in seconds.
    """

    def __init__(self, first: float = 0.5, longest: float = 30.0, settled: float = 10.0) -> None:
        self._first = first
        self._longest = longest
        self._settled = settled
        self.failures = 0

    def delay(self, lived: float) -> float:
        """The wait after a child that lived so long."""
        if lived >= self._settled:
            self.failures = 0
        self.failures += 1
        if self.failures == 1:
            return 0.0
        return min(self._first * 2.0 ** min(self.failures - 2, 30), self._longest)
