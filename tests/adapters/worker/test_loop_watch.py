"""LoopWatch: who blocks the event loop, or the interpreter, is told; who does not, is not."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from typing import Any

import pytest
import structlog

from hexjobs import JobContext, job_handler
from hexjobs.adapters.worker.loop_watch import LoopWatch
from support.run import run
from support.until import until
from support.worker_harness import working


@pytest.fixture
def logged() -> Any:
    """The log lines, as mappings."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def of(lines: list[Any], event: str) -> list[Any]:
    """Those with one event word."""
    return [line for line in lines if line["event"] == event]


def test_code_that_holds_the_interpreter_lock_is_told(logged: list[Any]) -> None:
    """Not even the watching thread runs meanwhile; the stacks were written without the lock."""

    def hold(seconds: float) -> None:
        ends = time.monotonic() + seconds
        length = 22
        while time.monotonic() < ends:
            re.match(r"(a+)+$", "a" * length + "b")
            length += 1

    async def scenario() -> None:
        watch = LoopWatch(0.2, lambda: ["job-1"])
        watch.start()
        try:
            hold(1.5)
            await until(lambda: bool(of(logged, "interpreter_blocked")))
        finally:
            await asyncio.to_thread(watch.stop)

    run(scenario())
    line = of(logged, "interpreter_blocked")[0]
    assert line["job_ids"] == ["job-1"]
    assert "in hold" in line["stack"]


def test_a_loop_that_runs_is_not_told(logged: list[Any]) -> None:
    """However long it is watched."""

    async def scenario() -> None:
        watch = LoopWatch(0.2, list)
        watch.start()
        await asyncio.sleep(1)
        await asyncio.to_thread(watch.stop)

    run(scenario())
    assert logged == []


def test_a_job_that_has_just_ended_is_named_too() -> None:
    """It may have held the lock of who asks; one that ended longer ago did not."""

    @job_handler("noop")
    async def noop(context: JobContext, payload: dict[str, Any]) -> None:
        """Does nothing."""

    async def scenario() -> None:
        async with working(noop) as (jobs, worker):
            job_id = await jobs.submit_job("noop", {})
            await jobs.wait_for(job_id, "10s")
            await worker.pool.wait_until_idle()
            assert worker.pool.job_ids() == [job_id]
            slots = worker.pool._slots
            slots.ended = deque((at - 2, ended) for at, ended in slots.ended)
            assert worker.pool.job_ids() == []

    run(scenario())
