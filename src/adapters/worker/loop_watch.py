"""LoopWatch: tells which job blocks the event loop or the interpreter, and where."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping

import structlog

from .thread_times import thread_seconds

JOB_TASK = "hexjobs-job-"
"""What the names of the tasks that run jobs begin with; the job's id follows."""
MAX_STACK = 8_000
MAX_JOBS = 100
STEPS = 4
"""How often the loop is asked within the limit."""
BUSY = 0.3
"""The share of a standstill for which somebody was on the processor: more than the step before a pause can be."""
log = structlog.get_logger("hexjobs.worker")


class LoopWatch:
    """A thread that asks the event loop for a sign in regular steps, and logs what keeps it from giving one.

    A handler that blocks the loop shows as `event_loop_blocked` with the job's id and the stack. Code that holds the
    interpreter lock also holds up this thread: afterwards it tells as `interpreter_blocked` which threads used the
    processor meanwhile, and where they stand. Where nobody used it, the process stood still: `process_paused`.
    `limit` is in seconds.

    Stacks are only read under the interpreter lock. The timer of `faulthandler` needs none and would tell earlier,
    but it reads frames that may be freed under its hands, and a process that goes on after a pause dies of that.
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
        while not self._stopping.is_set():
            began, before, used = time.monotonic(), thread_seconds(), time.process_time()
            self._stopping.wait(self._limit / STEPS)
            now = time.monotonic()
            if now - began >= self._limit:
                self._tell_standstill(now - began, time.process_time() - used, before)
                report_at = now + self._limit  # the loop stood still with everything else
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

    def _tell_standstill(self, seconds: float, used: float, before: Mapping[int, float]) -> None:
        frames = sys._current_frames()  # noqa: SLF001  # first of all: who held the lock has just let it go
        since = {native: total - before.get(native, 0) for native, total in thread_seconds().items()}
        if max(since.values(), default=used) < seconds * BUSY:
            log.warning(
                "process_paused",
                seconds=round(seconds, 1),
                hint="the process was stopped, its machine slept, or other processes had the processor",
            )
            return
        threads = [each for each in threading.enumerate() if each is not self._thread]
        threads.sort(key=lambda thread: -since.get(thread.native_id or 0, 0))
        log.warning(
            "interpreter_blocked",
            seconds=round(seconds, 1),
            job_ids=self._running()[:MAX_JOBS],
            stack="\n".join(
                f"{thread.name}:\n{''.join(traceback.format_stack(frame))}"
                for thread in threads
                if since.get(thread.native_id or 0, used) >= seconds * BUSY
                and (frame := frames.get(thread.ident or 0))
            )[:MAX_STACK],
            hint="code that holds the interpreter lock may cost its worker the lease: use isolation='process'",
        )
