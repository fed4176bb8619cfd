"""`every_round`: a measure that begins anew in each round, and holds nothing between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps

from .sizes import Sizes

Figures = dict[str, float]


def every_round(measure: Callable[[Sizes], Awaitable[Figures]]) -> Callable[[Sizes], AsyncIterator[Figures]]:
    """The subject whose rounds are this measure's answers: no server or worker of it is there in others' turns."""

    @wraps(measure)
    async def rounds(sizes: Sizes) -> AsyncIterator[Figures]:
        while True:
            yield await measure(sizes)

    return rounds
