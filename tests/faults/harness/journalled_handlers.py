"""The job types of the battery. Every run is journalled around the handler, every effect inside it.

A handler module of real workers: the journals' folder comes from the environment. Handlers return the fence they ran
under, so that the store's result tells whose completion was accepted.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from math import ceil
from pathlib import Path
from typing import Any

from faults.harness.journal import FOLDER_VARIABLE, own_journal
from hexjobs import JobContext, RetryLater, job_handler, middleware, on_completed


@middleware
async def journalled(run: Any, proceed: Any) -> Any:
    """Write when a run starts and how it ends; a payload may ask for the worker's death before the handler begins."""
    delivery = run.delivery
    known = {"job": delivery.job_id, "fence": delivery.fence, "attempt": delivery.attempt}
    if isinstance(run.payload, dict) and run.payload.get("die") == "claimed" and not delivery.crashes:
        own_journal().write("claimed", **known)
        die()
    own_journal().write("start", **known, crashes=delivery.crashes, type=run.job_type)
    try:
        outcome = await proceed(run)
    except BaseException as error:
        own_journal().write("end", **known, how=type(error).__name__)
        raise
    own_journal().write("end", **known, how=type(outcome).__name__)
    return outcome


@on_completed
def accepted(event: Any) -> None:
    """Write that the store took a completion."""
    own_journal().write("accepted", job=event.job_id)


def die() -> None:
    """SIGKILL this process."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def done(context: JobContext) -> dict[str, int]:
    """What every handler returns."""
    return {"fence": context.fence_token}


@job_handler("step", retry_delay="20ms", max_retries=50)
async def step(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Waits on the event loop for `seconds`; its first `failures` runs fail."""
    await asyncio.sleep(payload.get("seconds", 0.0))
    if context.attempt <= payload.get("failures", 0):
        raise ConnectionError("not yet")
    return done(context)


@job_handler("thread_step", retry_delay="20ms", max_retries=50)
def thread_step(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Sleeps in a thread for `seconds`."""
    time.sleep(payload.get("seconds", 0.0))
    return done(context)


@job_handler("gated")
async def gated(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Waits until the file `go-{job_id}` appears beside the journals."""
    gate = Path(os.environ[FOLDER_VARIABLE]) / f"go-{context.job_id}"
    while not gate.exists():  # noqa: ASYNC110  # a file of another process
        await asyncio.sleep(0.01)
    return done(context)


@job_handler("blocking")
async def blocking(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Blocks the event loop for `seconds` by sleeping."""
    time.sleep(payload["seconds"])
    return done(context)


@job_handler("regex_async")
async def regex_async(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Holds the interpreter lock for `seconds`, in its first run only, on the event loop."""
    if context.attempt == 1 and not Path(gil_marker(context)).exists():
        hold_interpreter_lock(context, payload["seconds"])
    return done(context)


@job_handler("regex_thread")
def regex_thread(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """The same in a thread."""
    if not Path(gil_marker(context)).exists():
        hold_interpreter_lock(context, payload["seconds"])
    return done(context)


def gil_marker(context: JobContext) -> str:
    """The file that tells that a first run began."""
    return f"{os.environ[FOLDER_VARIABLE]}/held-{context.job_id}"


def hold_interpreter_lock(context: JobContext, seconds: float) -> None:
    """One catastrophic match of about `seconds` of processor time.

    A letter more makes it 1.6 times as long, an alternative more adds what the first one takes.
    """
    Path(gil_marker(context)).touch()
    catastrophe, letters, took = "(a|aa)+$", 20, 0.0
    while took < 0.05:  # long enough to be measured
        letters += 1
        begin = time.thread_time()
        re.match(catastrophe, "a" * letters + "b")
        took = time.thread_time() - begin
    re.match("|".join([catastrophe] * ceil(seconds / took)), "a" * letters + "b")


@job_handler("effect", retry_delay="20ms")
async def effect(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """An effect outside, journalled: plain, or through `once`; the first run dies where the payload says."""
    first = not own_marker(context, "died").exists()

    async def act() -> str:
        own_journal().write("effect", job=context.job_id, fence=context.fence_token)
        if first and payload.get("die") == "unrecorded":
            own_marker(context, "died").touch()
            die()
        return "sent"

    if payload.get("once"):
        assert await context.once("mail", act) == "sent"
    else:
        await act()
    if first and payload.get("die") == "unsettled":
        own_marker(context, "died").touch()
        die()
    return done(context)


def own_marker(context: JobContext, word: str) -> Path:
    """A file of this job's, kept over runs."""
    return Path(os.environ[FOLDER_VARIABLE]) / f"{word}-{context.job_id}"


class Unusual(BaseException):
    """An exception that is no Exception."""


@job_handler("poison", max_retries=0, retry_delay="20ms")
async def poison(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Does what no handler should: `how`, and when that killed it `then`."""
    marker = own_marker(context, "poisoned")
    how = payload["then"] if marker.exists() else payload["how"]
    if "then" in payload:
        marker.touch()
    match how:
        case "exit":
            sys.exit(3)
        case "base":
            raise Unusual("no Exception")
        case "recursion":
            await poison(context, payload)
        case "memory":
            raise MemoryError("none left")
        case "os_exit":
            os._exit(11)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
            threading.Event().wait()
        case "oom":
            die()
    return done(context)


@job_handler("thread_poison", max_retries=0)
def thread_poison(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """The same in a thread."""
    match payload["how"]:
        case "exit":
            sys.exit(3)
        case "base":
            raise Unusual("no Exception")
        case "recursion":
            thread_poison(context, payload)
    raise MemoryError("none left")


@job_handler("later", retry_delay="20ms")
async def later(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Asks for a later time in its first runs."""
    marker = own_marker(context, "later")
    if not marker.exists():
        marker.touch()
        raise RetryLater(0.1)
    return done(context)


@job_handler("dependent", queue="outside", circuit="outside", retry_delay="50ms", max_retries=20)
async def dependent(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Needs an outside service, which is down while the file `outside-is-down` lies beside the journals."""
    own_journal().write("reached", job=context.job_id)
    await asyncio.sleep(0.01)
    if (Path(os.environ[FOLDER_VARIABLE]) / "outside-is-down").exists():
        raise ConnectionError("nobody there")
    return done(context)


@job_handler("endless", isolation="process", timeout="3s", max_retries=0)
def endless(context: JobContext, payload: dict[str, Any]) -> dict[str, int]:
    """Never returns: in one match of C code, beside a process and a thread of its own."""
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    own_journal().write("left", job=context.job_id, child=left.pid)
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    re.match("(a+)+$", "a" * 64 + "b")
    return done(context)
