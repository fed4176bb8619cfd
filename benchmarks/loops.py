"""`run`: a coroutine on the event loop that a worker would use."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(operation: Coroutine[Any, Any, T]) -> T:
    """Run it on uvloop where that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(operation)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(operation)
