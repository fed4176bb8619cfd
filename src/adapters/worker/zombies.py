"""Zombies: runs that go on although nobody waits for them any more."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from ...application.run import Run
from ...ports.job_metrics import JobMetrics
from .slot import Slot

log = structlog.get_logger("hexjobs.worker")


class Zombies:
    """Slots whose handler swallowed its cancelling, or whose thread is in code that nothing interrupts.

    Each one up to `limit` is replaced by a fresh slot; more are not, so that they cannot eat up a process.
    """

    def __init__(self, limit: int, metrics: JobMetrics) -> None:
        self._limit = limit
        self._metrics = metrics
        self._slots: set[Slot] = set()

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Any:
        return iter(list(self._slots))

    @property
    def unreplaced(self) -> int:
        """How many are beyond the limit."""
        return max(0, len(self._slots) - self._limit)

    def add(self, slot: Slot, run: Run) -> None:
        """This run is given up."""
        self._slots.add(slot)
        self._metrics.set_zombies(len(self._slots))
        log.error(
            "run_given_up",
            job_id=run.delivery.job_id,
            job_type=run.job_type,
            handler="async" if run.is_on_loop else "process" if run.handler.is_isolated else "thread",
            zombies=len(self._slots),
            limit=self._limit,
        )

    def remove(self, slot: Slot, now: float) -> None:
        """It has ended at last."""
        self._slots.discard(slot)
        self._metrics.set_zombies(len(self._slots))
        job_id = None if slot.delivery is None else slot.delivery.job_id
        log.info("zombie_ended", job_id=job_id, seconds=round(now - slot.since, 3), zombies=len(self._slots))

    async def bury(self, within: float) -> None:
        """Let go of all of them, for the event loop is about to end: it would wait for those on it for ever.

        Threads are left to themselves. A coroutine is cancelled once more, and closed where it goes on after `within`
        seconds; what a closed one still awaits fails.
        """
        tasks = {slot.task for slot in self._slots if slot.task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=within)
        for task in tasks:
            _close(task)
        if tasks:
            await asyncio.wait(tasks, timeout=within)


def _close(task: asyncio.Task[None]) -> None:
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    coroutine: Any = task.get_coro()
    try:
        coroutine.close()
    except BaseException as error:  # noqa: BLE001  # whatever the handler does now, the others are closed too
        log.warning("zombie_not_closed", task=task.get_name(), error=repr(error))
    task.cancel()  # wakes the task, which finds that it has ended
