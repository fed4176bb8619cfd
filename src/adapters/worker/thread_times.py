"""thread_seconds: how long each thread of this process was on a processor."""

from __future__ import annotations

import contextlib
import threading
import time

_THREAD_CLOCK = 6
"""The kind of clock in the low bits: of a thread (4), as the scheduler counts (2)."""


def thread_seconds() -> dict[int, float]:
    """The processor seconds of each thread by its native id; empty where the platform does not tell.

    It keeps the interpreter lock, so that nobody else's turn is spent on it. Source of the clock's number: Linux,
    `include/linux/posix-timers_types.h`; unlike `time.pthread_getcpuclockid` it bears a thread that ended just now.
    """
    seconds = {}
    for thread in threading.enumerate():
        if native := thread.native_id:
            with contextlib.suppress(OSError):
                seconds[native] = time.clock_gettime((~native << 3) | _THREAD_CLOCK)
    return seconds
