"""run: one coroutine in an event loop of its own, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], deadline: float = 30.0) -> T:
    """What the coroutine returns; TimeoutError when it takes longer than `deadline` seconds."""

    async def within() -> T:
        async with asyncio.timeout(deadline):
            return await coroutine

    return asyncio.run(within())
