"""Handlers of the soak."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from hexjobs import JobContext, job_handler


@job_handler("quick")
async def quick(context: JobContext, payload: dict[str, Any]) -> None:
    """A moment on the event loop."""
    await asyncio.sleep(0.005)


@job_handler("flaky", max_retries=20)
async def flaky(context: JobContext, payload: dict[str, Any]) -> None:
    """Fails at its first run."""
    if context.attempt == 1:
        raise ConnectionError("not yet")


@job_handler("threaded")
def threaded(context: JobContext, payload: dict[str, Any]) -> None:
    """A moment in a thread."""
    time.sleep(0.005)
