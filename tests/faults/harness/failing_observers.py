"""A handler module whose observers fail: one raises, one takes longer than a lease."""

from __future__ import annotations

import asyncio
from typing import Any

from hexjobs import JobContext, job_handler, on_completed, on_dead, on_retry


@job_handler("observed")
async def observed(context: JobContext, payload: dict[str, Any]) -> None:
    """A handler module declares a handler."""


@on_completed
def raises(event: Any) -> None:
    """Fails."""
    raise RuntimeError("an observer that fails")


@on_retry
async def hangs(event: Any) -> None:
    """Takes two leases."""
    await asyncio.sleep(2.0)


@on_dead
def leaves(event: Any) -> None:
    """Raises what is no Exception."""
    raise SystemExit(4)
