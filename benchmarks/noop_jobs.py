"""The handlers that are measured: they do nothing, or tell when they began."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from hexjobs import BlockingJobContext, JobContext, job_handler

from .gate import HOST
from .marks import send_mark

PAYLOAD = {"n": 123456, "text": "abcdefghijklmnopqrstuvwxyz01"}
"""48 bytes of compact JSON."""
_waits: list[int] = []
_held: list[asyncio.Future[None]] = []


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Nothing, on the event loop."""


@job_handler("noop_in_thread")
def noop_in_thread(context: BlockingJobContext, payload: dict[str, Any]) -> None:
    """Nothing, in a thread."""


@job_handler("mark")
async def mark(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell when this began, and the CPU of this process so far."""
    at, cpu = time.monotonic_ns(), time.process_time()
    send_mark(payload["port"], payload["what"], at, cpu)


@job_handler("mark_id")
async def mark_id(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell when this began, under its own id."""
    send_mark(payload["port"], context.job_id, time.monotonic_ns())


@job_handler("hang", timeout=None)
async def hang(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell when this began, and go on for ever."""
    send_mark(payload["port"], payload["what"], time.monotonic_ns())
    await asyncio.Event().wait()


@job_handler("hold", timeout=None)
async def hold(context: JobContext, payload: dict[str, Any]) -> None:
    """Hold a slot. The one that takes the last slot stands at the gate; when it opens, all go on."""
    waits = asyncio.get_running_loop().create_future()
    _held.append(waits)
    if len(_held) == payload["slots"]:
        try:
            reader, writer = await asyncio.open_connection(HOST, payload["port"])
            await reader.read()
            writer.close()
        finally:  # also where the gate has been taken away
            while _held:
                _held.pop().set_result(None)
    await waits


@job_handler("stamp")
async def stamp(context: JobContext, payload: dict[str, Any]) -> None:
    """Keep how long this job has taken to begin, in nanoseconds."""
    _waits.append(time.monotonic_ns() - int(payload["at"]))


@job_handler("report_stamps")
def report_stamps(context: BlockingJobContext, payload: dict[str, Any]) -> None:
    """Write down what `stamp` has kept, and forget it."""
    Path(payload["path"]).write_text(json.dumps(_waits))
    _waits.clear()
    send_mark(payload["port"], payload["what"], time.monotonic_ns())
