"""Stopwatch: how often each of several things can be done in a second, measured in turns on the same server."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence


async def rates(
    measures: Mapping[str, tuple[int, Callable[[int], Awaitable[None]]]], turns: int = 5
) -> dict[str, float]:
    """How many a second, by name. Each measure does its count in so many parts, one part of each in turn.

    So what disturbs the machine disturbs all of them.
    """
    seconds, done = dict.fromkeys(measures, 0.0), dict.fromkeys(measures, 0)
    for _ in range(turns):
        for name, (count, measure) in measures.items():
            part = max(1, count // turns)
            begin = time.perf_counter()
            await measure(part)
            seconds[name] += time.perf_counter() - begin
            done[name] += part
    return {name: done[name] / seconds[name] for name in measures}


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed; of a few values the largest ones stand for the rest."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
