"""Threads for `def` handlers: each call has one at once, and idle ones are used again."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

from hexjobs import JobContext, JobType
from hexjobs.adapters.worker.thread_caller import ThreadCaller
from hexjobs.application.handler_registry import BoundHandler
from support.run import run
from support.until import until

CONTEXT = JobContext(job_id="j", job_type="t", queue="default", attempt=1, max_retries=0, fence_token=1)


def bound(function: Any) -> BoundHandler:
    """A `def` handler."""
    return BoundHandler(JobType("t"), function, is_async=False)


def test_no_call_waits_for_the_thread_of_another() -> None:
    """Two calls that need each other meet, however shortly before a thread was busy; threads are used again."""

    async def scenario() -> None:
        caller = ThreadCaller()
        for _ in range(2000):
            barrier = threading.Barrier(2)
            quick = bound(lambda context, payload: threading.get_ident())
            meets = bound(lambda context, payload, barrier=barrier: barrier.wait(5))
            first = asyncio.ensure_future(caller(quick, CONTEXT, {}))
            await asyncio.sleep(0)
            await asyncio.gather(caller(meets, CONTEXT, {}), caller(meets, CONTEXT, {}), first)
        names = {
            thread.name for thread in threading.enumerate() if thread.name.startswith("hexjobs-handler-")
        }
        assert len(names) == 3, "as many as ran at the same time, and no more"
        caller.close()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads are interrupted between any two steps
    try:
        run(scenario(), deadline=50)
    finally:
        sys.setswitchinterval(interval)


class SlowForHandlers:
    """A lock that handler threads get late: what they are about to say is not known yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            threading.Event().wait(0.5)
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_thread_that_has_just_been_given_work_counts_as_busy() -> None:
    """The next call does not wait behind it, although the thread has said nothing yet."""

    async def scenario() -> None:
        caller, slow = ThreadCaller(), SlowForHandlers()
        await caller(bound(lambda context, payload: None), CONTEXT, {})
        await until(lambda: caller._idle == 1)
        lock: Any = slow
        caller._lock = lock
        barrier = threading.Barrier(2)
        meets = bound(lambda context, payload: barrier.wait(5))
        first = asyncio.ensure_future(caller(meets, CONTEXT, {}))
        await asyncio.sleep(0.1)  # the thread has taken it
        await asyncio.gather(caller(meets, CONTEXT, {}), first)
        caller.close()

    run(scenario())
