"""LoopWatch: tells which job blocks the event loop or the interpreter, and where."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from types import FrameType

import structlog

from .moment import Moment
from .stack_alarm import StackAlarm

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
    interpreter lock also holds up this thread: afterwards it tells as `interpreter_blocked` where a `StackAlarm` found
    that code, or else where the threads stand that used the processor meanwhile. Where nobody used it, the process
    stood still: `process_paused`. `limit` is in seconds.

    No thread's stack is read while it may run. The timer of `faulthandler` does that: a process that goes on after a
    pause dies of it.
    """

    def __init__(self, limit: float, running: Callable[[], list[str]]) -> None:
        self._limit = limit
        self._running = running
        self._stopping = threading.Event()
        self._alarm = StackAlarm()
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
        before, place = Moment.now(), self._alarm.place()
        asked = report_at = before.at
        self._alarm.set(self._limit * BUSY)
        while not self._stopping.is_set():
            self._stopping.wait(self._limit / STEPS)
            moment = Moment.now()
            now = moment.at
            frames = sys._current_frames()  # noqa: SLF001  # at once: who held the lock has just let it go
            if now - before.at >= self._limit:
                self._tell_standstill(before, moment, self._alarm.noted_from(place), frames)
                report_at = now + self._limit  # the loop stood still with everything else
            before, place = moment, self._alarm.place()
            if answered.is_set():
                answered.clear()
                asked, report_at = now, now + self._limit
                with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the worker
                    loop.call_soon_threadsafe(answered.set)
            elif now >= report_at:
                report_at = now + 4 * (now - asked)
                self._tell_block(loop, thread_id, now - asked)
        self._alarm.clear()

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

    def _tell_standstill(
        self, before: Moment, moment: Moment, noted: str, frames: Mapping[int, FrameType]
    ) -> None:
        seconds = moment.at - before.at
        if moment.busiest_since(before) < seconds * BUSY:
            log.warning(
                "process_paused",
                seconds=round(seconds, 1),
                hint="the process was stopped, its machine slept, or other processes had the processor",
            )
            return
        busy = {native for native, each in moment.busy_since(before).items() if each >= seconds * BUSY}
        log.warning(
            "interpreter_blocked",
            seconds=round(seconds, 1),
            job_ids=self._running()[:MAX_JOBS],
            stack=(noted or self._stacks(frames, busy))[:MAX_STACK],
            hint="code that holds the interpreter lock may cost its worker the lease: use isolation='process'",
        )

    def _stacks(self, frames: Mapping[int, FrameType], busy: set[int]) -> str:
        """Where the threads stand that were on the processor for much of a standstill; all, where nothing tells them."""
        return "\n".join(
            f"{thread.name}:\n{''.join(traceback.format_stack(frame))}"
            for thread in threading.enumerate()
            if thread is not self._thread
            and (not busy or thread.native_id in busy)
            and (frame := frames.get(thread.ident or 0))
        )
