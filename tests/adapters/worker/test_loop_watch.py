"""LoopWatch: who blocks the event loop, or the interpreter, is told; who does not, is not."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import threading
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

PAUSES = 3
BUSY = """
import asyncio, structlog
from hexjobs.adapters.worker.loop_watch import LoopWatch

def deep(n):
    return n if n == 0 else deep(n - 1) + (lambda x: x)(0)

async def main():
    structlog.configure(processors=[lambda *line: print(line[2]["event"], flush=True) or "{}"], logger_factory=structlog.ReturnLoggerFactory())
    LoopWatch(0.2, list).start()
    print("watching", flush=True)
    while True:
        deep(40)
        exec("def made(): return 1")
        await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.fixture
def logged() -> Any:
    """The log lines, as mappings."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def of(lines: list[Any], event: str) -> list[Any]:
    """Those with one event word."""
    return [line for line in lines if line["event"] == event]


def hold_interpreter_lock(seconds: float) -> float:
    """Match for longer and longer without letting anything else run; the share of the time that it had the processor."""
    begin, used = time.monotonic(), time.thread_time()
    length = 22
    while time.monotonic() < begin + seconds:
        re.match(r"(a+)+$", "a" * length + "b")
        length += 1
    return (time.thread_time() - used) / (time.monotonic() - begin)


@pytest.mark.parametrize("where", ["event loop", "thread"])
def test_code_that_holds_the_interpreter_lock_is_told(logged: list[Any], where: str) -> None:
    """Not even the watching thread runs meanwhile; afterwards it knows who was on the processor, and nobody else."""

    async def scenario() -> float:
        watch = LoopWatch(0.2, lambda: ["job-1"])
        bystander = threading.Thread(target=finished.wait, name="bystander")
        bystander.start()
        watch.start()
        try:
            if where == "thread":
                share = await asyncio.to_thread(hold_interpreter_lock, 1.5)
            else:
                share = hold_interpreter_lock(1.5)
            await until(lambda: bool(of(logged, "interpreter_blocked")))
            return share
        finally:
            finished.set()
            bystander.join()
            await asyncio.to_thread(watch.stop)

    finished = threading.Event()
    share = run(scenario())
    line = of(logged, "interpreter_blocked")[0]
    assert line["job_ids"] == ["job-1"]
    assert line["seconds"] >= 0.2
    assert "in hold_interpreter_lock" in line["stack"]
    assert "bystander" not in line["stack"]
    # Where other processes had the processor for long, it did pause.
    assert share < 0.8 or not of(logged, "process_paused")


def test_a_pause_of_the_process_is_told_and_survived() -> None:
    """Nobody was on the processor, so nobody is blamed; and a busy process goes on after each of many pauses."""
    child = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child:
        try:
            told = [child.stdout.readline()]
            for _ in range(PAUSES):
                child.send_signal(signal.SIGSTOP)
                time.sleep(1)  # the pause itself
                child.send_signal(signal.SIGCONT)
                told.append(child.stdout.readline())
        finally:
            child.kill()
    assert told == ["watching\n", *["process_paused\n"] * PAUSES]


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
