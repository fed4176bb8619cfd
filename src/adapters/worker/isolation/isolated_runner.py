"""IsolatedRunner: runs handlers in processes of their own, which can be killed with everything that they start."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import structlog

from ....application.handler_registry import BoundHandler
from ....application.job_context import BlockingJobContext
from ....domain.byte_size import format_byte_size
from ....domain.duration import format_duration
from ....domain.job_type import JobType
from ....domain.outcome import Crash, Outcome, Retry, Snooze
from .isolated_run import IsolatedRun
from .leash import Leash
from .protocol import Gone, Order, encode
from .zygote import Zygote

UNAVAILABLE_DELAY = timedelta(seconds=10)
log = structlog.get_logger("hexjobs.worker")


class IsolatedRunner:
    """One helper process per worker, started at the first need and again when it died; each run is a fork of it.

    `command` starts the helper, and is given the number of a descriptor as its last word; `setup` makes the first
    message that the helper gets.
    """

    def __init__(self, command: Sequence[str], setup: Callable[[], bytes]) -> None:
        self._command = tuple(command)
        self._setup = setup
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._idle: list[Leash] = []

    @property
    def helper_pid(self) -> int | None:
        """The helper process, where there is one."""
        return None if self._zygote is None else self._zygote.pid

    def run(self, handler: BoundHandler, context: BlockingJobContext, payload: bytes) -> Outcome:
        """What the run came to. Blocks until the process is gone, and with it, where the kernel helps, what it started.

        `context.cancel()` kills it; what is returned then means nothing. A process that died under the handler is a
        `Crash`, one that used more than its CPU limit a failure. Where no process can be had, the job waits.
        """
        order = encode(_order(handler, context, payload))
        why = ""
        for _ in range(2):  # a helper that died meanwhile is replaced once
            try:
                leash = self._leash()
            except OSError as error:
                why = f"there is no helper process: {error}"
                continue
            run = IsolatedRun(context, leash)
            try:
                context.on_cancel(run.kill)
                run.serve(order)
            finally:
                self._take_back(leash, is_free=run.close())
            if run.is_killed or run.has_begun:
                return _judged(run, handler.job_type, context.job_id)
            why = run.never_began or self._cause()
        log.error("isolation_unavailable", job_id=context.job_id, error=why)
        return Snooze(UNAVAILABLE_DELAY, "isolation_unavailable")

    def close(self) -> None:
        """End the helper and its guards."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            if self._zygote is not None:
                self._zygote.end()
            self._zygote = None

    def _leash(self) -> Leash:
        """The leash of a guard that is idle, or made now."""
        with self._lock:
            while self._idle:
                leash = self._idle.pop()
                if leash.is_held:
                    return leash
                leash.close()
            helper, leash = self._living(), Leash()
            try:
                helper.hand_over(leash.there)
            except OSError as error:
                leash.close()
                self._zygote = None
                raise OSError(helper.end()) from error
            leash.there.close()
            return leash

    def _take_back(self, leash: Leash, *, is_free: bool) -> None:
        with self._lock:
            if is_free and self._zygote is not None:
                self._idle.append(leash)
            else:
                leash.close()

    def _living(self) -> Zygote:
        self._bury()
        if self._zygote is None:
            self._zygote = Zygote(self._command, self._setup())
        return self._zygote

    def _bury(self) -> str:
        """Forget a helper that is dead; what it died of."""
        helper = self._zygote
        if helper is None or helper.is_alive:
            return ""
        self._zygote = None
        reason = helper.end()
        log.warning("isolation_helper_died", pid=helper.pid, reason=reason)
        return reason

    def _cause(self) -> str:
        """Why a run may not have begun."""
        with self._lock:
            return self._bury() or "the helper process or the guard of the run has died"


def _order(handler: BoundHandler, context: BlockingJobContext, payload: bytes) -> Order:
    return Order(
        job_id=context.job_id,
        job_type=handler.job_type.name,
        queue=context.queue,
        attempt=context.attempt,
        max_retries=context.max_retries,
        fence_token=context.fence_token,
        payload=msgspec.Raw(payload),
        deadline=context.deadline,
        tags=context.tags,
        metadata=dict(context.metadata),
        headers=dict(context.headers),
    )


def _judged(run: IsolatedRun, job_type: JobType[object, object], job_id: str) -> Outcome:
    gone = run.gone
    if run.is_killed:
        if gone is None and run.has_begun:
            log.error("isolated_run_left", job_id=job_id)
        return Retry("its process was killed")
    if run.outcome is not None:
        return run.outcome
    if gone is None:
        return Crash("the guard of its process was killed")
    return _ending(gone, job_type)


def _ending(gone: Gone, job_type: JobType[object, object]) -> Outcome:
    """What an end without an outcome means."""
    if not os.WIFSIGNALED(gone.status):
        code = os.waitstatus_to_exitcode(gone.status)
        return Crash(f"its process exited with status {code} before the handler returned")
    number = os.WTERMSIG(gone.status)
    limit = job_type.cpu_limit
    if limit is not None:
        is_used_up = gone.cpu_seconds >= math.ceil(limit.total_seconds())
        if number == signal.SIGXCPU or (number == signal.SIGKILL and is_used_up):
            return Retry(f"the run used more CPU time than its cpu_limit of {format_duration(limit)}")
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    text = f"its process was killed by {name}"
    if number == signal.SIGKILL:
        text += ", as when the machine has no memory left"
    if job_type.memory_limit is not None:
        text += f"; its memory limit is {format_byte_size(job_type.memory_limit)}"
    return Crash(text)
