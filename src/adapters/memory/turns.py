"""Turns: which of several queues is served next."""

from __future__ import annotations

from collections.abc import Mapping


class Turns:
    """Smooth weighted round robin: of 4 turns of `{"a": 3, "b": 1}` three go to a, and b does not wait for the last.

    The algorithm is that of nginx (commit 52327e0, "Upstream: smooth weighted round-robin balancing", 2012): each
    candidate's credit grows by its weight, the highest credit is served and pays the sum of the weights.
    """

    def __init__(self) -> None:
        self._credit: dict[str, int] = {}

    def next(self, weights: Mapping[str, int]) -> str:
        """The queue to serve among the given ones (at least one); of equals the first named."""
        for queue, weight in weights.items():
            self._credit[queue] = self._credit.get(queue, 0) + weight
        served = max(weights, key=self._credit.__getitem__)
        self._credit[served] -= sum(weights.values())
        return served
