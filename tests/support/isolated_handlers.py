"""Handlers for tests of isolation: a module that the helper process imports too."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel

from hexjobs import (
    Discard,
    Done,
    Fail,
    JobContext,
    JobError,
    JobType,
    PermanentError,
    Retry,
    RetryLater,
    Snooze,
    job_handler,
    job_scope,
)
from hexjobs.domain.outcome import Cancel
from hexjobs.ports.clock import Clock

other = JobType("other", queue="side", priority="high")
scope = ContextVar("scope", default="none")


@job_scope
@contextlib.contextmanager
def in_scope(context: JobContext) -> Iterator[None]:
    """Tells that it surrounds the handler."""
    token = scope.set(context.job_id)
    try:
        yield
    finally:
        scope.reset(token)


class Numbers(BaseModel):
    """A payload."""

    a: int
    b: int = 2


@job_handler("blocks", isolation="process")
def blocks(context: JobContext, payload: Numbers, clock: Clock) -> dict[str, Any]:
    """What a `def` handler finds in its process."""
    descriptors = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    return {
        "sum": payload.a + payload.b,
        "pid": os.getpid(),
        "group": os.getpgid(0),
        "descriptors": descriptors,
        "scope": scope.get(),
        "clock": type(clock).__name__,
        "known": [context.attempt, context.fence_token, context.metadata, str(context.deadline)],
    }


@job_handler("waits", isolation="process")
async def waits(context: JobContext, payload: Numbers) -> dict[str, Any]:
    """Adds on an event loop."""
    await asyncio.sleep(0)
    return {"sum": payload.a + payload.b, "scope": scope.get()}


@job_handler("logs", isolation="process")
def logs(context: JobContext, payload: dict[str, Any]) -> None:
    """Writes a line in each of three ways."""
    context.log.info("from_context")
    structlog.get_logger("own").info("from_structlog")
    logging.getLogger("own").info("from_logging")


class AsClass:
    """The class form."""

    job_type = "as_class"
    payload_model = Numbers
    isolation = "process"
    memory_limit = "4GiB"
    cpu_limit = "30s"

    async def execute(self, context: JobContext, payload: Numbers) -> int:
        """Add."""
        return payload.a + payload.b


@job_handler("comes_to", isolation="process")
def comes_to(context: JobContext, payload: dict[str, str]) -> Any:
    """Ends in the way that the payload names."""
    match payload["way"]:
        case "done":
            return Done({"x": [1, 2.5, "é"]})
        case "retry":
            return Retry("later", timedelta(seconds=5))
        case "fail":
            return Fail("no", "because")
        case "snooze":
            return Snooze(timedelta(minutes=1), "busy")
        case "cancel":
            return Cancel("enough")
        case "discard":
            return Discard("not needed")
        case "raise":
            raise ValueError("broken \udcff")
        case "permanent":
            raise PermanentError("never")
        case "later":
            raise RetryLater(timedelta(seconds=7))
        case "object":
            return {"job": object()}
        case "odd_retry":
            return Retry(ValueError("no text"))  # type: ignore[arg-type]  # that is tested
        case "interrupt":
            raise KeyboardInterrupt
    return None


@job_handler("dies", isolation="process")
def dies(context: JobContext, payload: dict[str, Any]) -> None:
    """Ends its process in the way that the payload names."""
    way = payload["way"]
    if way == "segfault":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        ctypes.string_at(0)
    elif way == "abort":
        os.abort()
    elif way == "sys_exit":
        sys.exit(4)
    elif way == "sys_exit_quietly":
        sys.exit()
    elif way == "os_exit":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, way))


@job_handler("dies_waiting", isolation="process")
async def dies_waiting(context: JobContext, payload: dict[str, Any]) -> None:
    """`sys.exit` on an event loop."""
    sys.exit(5)


@job_handler("eats", isolation="process", memory_limit="1GiB")
def eats(context: JobContext, payload: dict[str, Any]) -> int:
    """Wants more memory than it may have."""
    return len(bytearray(2 * 2**30))


@job_handler("too_small", isolation="process", memory_limit="1MiB")
def too_small(context: JobContext, payload: dict[str, Any]) -> None:
    """Cannot even begin."""


@job_handler("burns", isolation="process", cpu_limit=1)
def burns(context: JobContext, payload: dict[str, Any]) -> int:
    """A loop in C that no other thread gets a word into."""
    return sum(range(10**12))


@job_handler("ignores_the_limit", isolation="process", cpu_limit=1)
def ignores_the_limit(context: JobContext, payload: dict[str, Any]) -> int:
    """The same, deaf to the first warning."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return sum(range(10**12))


@job_handler("endless", isolation="process", timeout="1s", max_retries=0)
def endless(context: JobContext, payload: dict[str, Any]) -> None:
    """Backtracks for years."""
    context.progress({"pid": os.getpid()})
    re.match(r"(a+)+$", "a" * 64 + "b")


@job_handler("sleeps", isolation="process", timeout="none")
def sleeps(context: JobContext, payload: dict[str, Any]) -> None:
    """Sleeps, after it has told its process and perhaps started others."""
    pids = [os.getpid(), os.getppid()]
    if payload.get("family"):
        pids += family()
    context.progress(pids)
    if payload.get("path"):
        Path(payload["path"]).write_text(" ".join(map(str, pids)))
    time.sleep(payload.get("seconds", 60))


@job_handler("leaves_a_family", isolation="process")
def leaves_a_family(context: JobContext, payload: dict[str, Any]) -> list[int]:
    """Returns, and its sleepers go on."""
    return family()


@job_handler("comes_back_twice", isolation="process")
def comes_back_twice(context: JobContext, payload: dict[str, Any]) -> int:
    """Forks; the fork tries to speak for the run and returns, then the process itself dies."""
    fork = os.fork()
    if fork == 0:
        with contextlib.suppress(RuntimeError):
            context.progress("not mine")
        return -1
    os.waitpid(fork, 0)
    os._exit(9)


@job_handler("asks", isolation="process")
def asks(context: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """Asks its worker for everything there is."""
    context.progress({"done": 1})
    first = context.submit_job("other", {"n": 1}, delay="5s", tags=["a"], priority="low")
    second = context.submit_job(other, {"n": 2})
    effect = context.once("effect", lambda: {"paid": os.getpid() > 0})
    return {"submitted": [first, second], "once": effect, "cancelled": context.cancelled}


@job_handler("asks_waiting", isolation="process")
async def asks_waiting(context: JobContext, payload: dict[str, Any]) -> dict[str, Any]:
    """The same from an event loop."""

    async def pay() -> int:
        return 7

    submitted = await context.submit_job("other", {"n": 3})
    return {"submitted": submitted, "once": await context.once("effect", pay)}


@job_handler("begins_another", isolation="process")
async def begins_another(context: JobContext, payload: dict[str, Any]) -> dict[str, Any]:
    """Fails once after an effect, and submits a job of this module."""
    context.progress({"run": context.attempt})
    first = await context.once("process", os.getpid)
    if context.attempt == 1:
        raise ConnectionError("not yet")
    submitted = await context.submit_job(comes_to, {"way": "done"})
    return {"first": first, "last": os.getpid(), "submitted": submitted}


@job_handler("starts_a_program", isolation="process")
def starts_a_program(context: JobContext, payload: dict[str, Any]) -> list[str]:
    """The descriptors that a program of the handler inherits, without care."""
    program = "import os; print(*os.listdir('/proc/self/fd'))"
    said = subprocess.run([sys.executable, "-c", program], close_fds=False, capture_output=True, check=True)
    return sorted(said.stdout.decode().split())


@job_handler("is_refused", isolation="process")
def is_refused(context: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """Tells which errors it got."""
    found: dict[str, Any] = {}
    for job_type in ("nonsense", "full"):
        try:
            context.submit_job(job_type, {})
        except (JobError, RuntimeError) as error:
            found[job_type] = [type(error).__name__, str(error), getattr(error, "max_jobs", None)]
    for value in (float("nan"), {1}):
        try:
            context.progress(value)
        except ValueError as error:
            found[str(value)] = str(error)
    return found


def family() -> list[int]:
    """Four sleepers: a fork, one in a session of its own, a daemon that nobody's child is, and a program."""
    read, write = os.pipe()
    for is_daemon in (False, True):
        if os.fork() == 0:
            os.setsid()
            if is_daemon and os.fork():
                os._exit(0)
            os.write(write, f"{os.getpid()} ".encode())
            time.sleep(60)
            os._exit(0)
    fork = os.fork()
    if fork == 0:
        time.sleep(60)
        os._exit(0)
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    told = b""
    while len(told.split()) < 2 or not told.endswith(b" "):
        told += os.read(read, 100)
    return [*map(int, told.split()), fork, program.pid]
