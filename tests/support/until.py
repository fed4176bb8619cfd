"""until: wait for something that only looking can tell, with a deadline."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], deadline: float = 10.0) -> None:
    """Return when `condition()` (awaited where it is a coroutine) is true; TimeoutError after `deadline` seconds."""
    async with asyncio.timeout(deadline):
        while True:
            answer = condition()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(0.005)  # nothing announces it
