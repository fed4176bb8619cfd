"""The handlers that `hexjobs bench` runs: one that does nothing, and one that tells when it began."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..application.job_context import JobContext
from ..application.job_handler import job_handler

PAYLOAD = {"n": 123456, "text": "abcdefghijklmnopqrstuvwxyz01"}
"""48 bytes of compact JSON."""
_awaited: dict[int, asyncio.Future[float]] = {}


@job_handler("bench_noop")
async def bench_noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Do nothing."""


@job_handler("bench_stamp")
async def bench_stamp(context: JobContext, payload: dict[str, Any]) -> None:  # noqa: ARG001  # likewise
    """Tell `start_of` when this began."""
    began = time.perf_counter()
    awaited = _awaited.pop(payload["n"], None)
    if awaited is not None and not awaited.done():
        awaited.set_result(began)


def start_of(number: int) -> asyncio.Future[float]:
    """When the job with this number begins, on `time.perf_counter`; to be asked for before it is submitted."""
    awaited = _awaited[number] = asyncio.get_running_loop().create_future()
    return awaited
