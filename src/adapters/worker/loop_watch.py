"""LoopWatch: tells which job blocks the event loop or the interpreter, and where."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO

import structlog

JOB_TASK = "hexjobs-job-"
"""What the names of the tasks that run jobs begin with; the job's id follows."""
MAX_STACK = 8_000
MAX_JOBS = 100
STEPS = 4
"""How often the loop is asked within the limit."""
log = structlog.get_logger("hexjobs.worker")


class LoopWatch:
    """A thread that asks the event loop for a sign in regular steps, and logs what keeps it from giving one.

    A handler that blocks the loop shows as `event_loop_blocked` with the job's id and the stack. Code that holds the
    interpreter lock also stops this thread: a timer of `faulthandler`, which needs no lock, then writes all stacks
    down, and the next step logs them as `interpreter_blocked`. `limit` is in seconds.
    """

    def __init__(self, limit: float, running: Callable[[], list[str]]) -> None:
        self._limit = limit
        self._running = running
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running event loop from now on."""
        loop, thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, thread_id), name="hexjobs-loop-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        answered = threading.Event()
        answered.set()
        asked = report_at = time.monotonic()
        with tempfile.TemporaryFile(buffering=0) as stacks:
            while not self._stopping.is_set():
                faulthandler.dump_traceback_later(self._limit, file=stacks)
                self._stopping.wait(self._limit / STEPS)
                faulthandler.cancel_dump_traceback_later()
                self._tell_dump(stacks)
                now = time.monotonic()
                if answered.is_set():
                    answered.clear()
                    asked, report_at = now, now + self._limit
                    with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the worker
                        loop.call_soon_threadsafe(answered.set)
                elif now >= report_at:
                    report_at = now + 4 * (now - asked)
                    self._tell_block(loop, thread_id, now - asked)

    def _tell_block(self, loop: asyncio.AbstractEventLoop, thread_id: int, seconds: float) -> None:
        task = asyncio.current_task(loop)
        name = "" if task is None else task.get_name()
        frame = sys._current_frames().get(thread_id)  # noqa: SLF001  # the one way to another thread's stack
        log.warning(
            "event_loop_blocked",
            seconds=round(seconds, 1),
            job_id=name.removeprefix(JOB_TASK) if name.startswith(JOB_TASK) else None,
            stack="" if frame is None else "".join(traceback.format_stack(frame))[-MAX_STACK:],
            hint="write a plain def handler, or isolation='process'",
        )

    def _tell_dump(self, stacks: IO[bytes]) -> None:
        if not stacks.tell():
            return
        stacks.seek(0)
        text = stacks.read(MAX_STACK).decode("utf-8", "replace")
        stacks.seek(0)
        stacks.truncate()
        log.warning(
            "interpreter_blocked",
            job_ids=self._running()[:MAX_JOBS],
            stack=text,
            hint="code that holds the interpreter lock may cost its worker the lease: use isolation='process'",
        )
