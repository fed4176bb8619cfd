"""A worker that stops waits for its observers, and not for ever."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from hexjobs import JobContext, JobEventInfo, job_handler, on_completed
from hexjobs.adapters.worker import process_worker
from support.run import run
from support.worker_harness import working


@job_handler("quick")
async def quick(context: JobContext, payload: dict[str, Any]) -> None:
    pass


def test_the_observers_of_the_last_job_hear_of_it() -> None:
    """They are told in the background, which a stopping process would cut off."""
    heard: list[str] = []

    @on_completed
    async def completed(event: JobEventInfo) -> None:
        await asyncio.sleep(0.1)
        heard.append(event.job_id)

    async def test() -> str:
        async with working(quick, completed) as (jobs, _):
            job_id = await jobs.submit_job("quick", {})
            await jobs.wait_for(job_id)
            return job_id

    job_id = run(test())
    assert heard == [job_id]


def test_an_observer_that_never_returns_does_not_hold_the_stop_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left behind after a grace."""
    monkeypatch.setattr(process_worker, "LAST_GRACE_SECONDS", 0.1)

    @on_completed
    async def completed(event: JobEventInfo) -> None:
        await asyncio.Event().wait()

    async def test() -> None:
        async with working(quick, completed) as (jobs, _):
            await jobs.wait_for(await jobs.submit_job("quick", {}))

    started = time.monotonic()
    run(test())
    assert time.monotonic() - started < 5
