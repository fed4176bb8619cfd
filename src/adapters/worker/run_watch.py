"""RunWatch: sees to it that each run ends in time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta

import structlog

from ...application.run import Run, StopReason
from ...ports.job_metrics import JobMetrics
from .slot import Slot, Stage

GRACE = timedelta(seconds=1)
_RUNNING = Stage.RUNNING  # an enum's member is slow to look up
log = structlog.get_logger("hexjobs.worker")


class RunWatch:
    """Stops runs whose time is over, and gives up those that still go on after the grace time.

    A handler on the event loop is cancelled at once. One in a thread or a process sees `context.cancelled` and may end
    by itself for half of the grace time; then it is interrupted. All runs share one timer, which moves only when one has
    less time than all others: a run that ends in time costs a comparison.
    """

    def __init__(
        self,
        busy: set[Slot],
        give_up: Callable[[Slot, Run], None],
        metrics: JobMetrics,
        grace: timedelta = GRACE,
    ) -> None:
        self._busy = busy
        self._give_up = give_up
        self._metrics = metrics
        self._grace = grace.total_seconds()
        self._at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, slot: Slot, run: Run) -> None:
        """The slot's task begins this run."""
        slot.run, slot.stage = run, _RUNNING
        seconds = run.timeout_seconds
        if seconds is not None:
            self._look_in(seconds, slot)
        if slot.stop_early is not None:
            self.stop(slot, slot.stop_early)

    def stop(self, slot: Slot, reason: StopReason) -> bool:
        """Stop what the slot runs; whether this reason is news to it."""
        if slot.stage is Stage.STARTING:
            slot.stop_early = slot.stop_early or reason
            return True
        run = slot.run
        if run is None or slot.stage in (Stage.SETTLING, Stage.GIVEN_UP):
            return False
        is_news = run.stop_reason is None or (
            reason is StopReason.LEASE_LOST and run.stop_reason is not reason
        )
        if is_news:
            run.stop_reason = reason
        run.context.cancel()
        if slot.stage is Stage.RUNNING:
            self._begin_stop(slot, run, reason, is_news=is_news)
        return is_news

    def _begin_stop(self, slot: Slot, run: Run, reason: StopReason, *, is_news: bool) -> None:
        if reason is StopReason.CANCELLED:
            # It may end in its own way, and has the time it had: its timeout stays in force.
            if is_news and run.is_on_loop and slot.task is not None:
                slot.task.cancel()
        elif run.is_on_loop:
            self._interrupt(slot, self._grace)
        else:
            slot.stage = Stage.TOLD
            self._look_in(self._grace / 2, slot)

    def _interrupt(self, slot: Slot, grace: float) -> None:
        slot.stage = Stage.STOPPING
        self._look_in(grace, slot)
        if slot.task is not None:
            slot.task.cancel()

    def _look_in(self, seconds: float, slot: Slot) -> None:
        loop = asyncio.get_running_loop()
        slot.due = loop.time() + seconds
        if slot.due < self._at:
            self._wake_at(slot.due, loop)

    def _wake_at(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._at = due
        self._timer = loop.call_at(due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._at, self._timer = math.inf, None
        now = loop.time()
        for slot in list(self._busy):
            if slot.due <= now and slot.run is not None:
                slot.due = math.inf
                self._overdue(slot, slot.run)
        earliest = min((slot.due for slot in self._busy), default=math.inf)
        if earliest < self._at:
            self._wake_at(earliest, loop)

    def _overdue(self, slot: Slot, run: Run) -> None:
        if slot.stage is Stage.RUNNING:
            self._metrics.run_timed_out(run.job_type)
            log.warning(
                "run_timed_out", job_id=run.delivery.job_id, job_type=run.job_type, limit=run.limit.value
            )
            self.stop(slot, run.limit)
        elif slot.stage is Stage.TOLD:
            self._interrupt(slot, self._grace / 2)
        elif slot.stage is Stage.STOPPING:
            self._give_up(slot, run)
