"""Observers: who hears how jobs ended."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from ..domain.transitions import JobEvent
from .run import JobEventInfo

Observer = Callable[[JobEventInfo], Any]
log = structlog.get_logger("hexjobs.observers")


@dataclass(frozen=True, slots=True)
class Observers:
    """The functions that hear of completed, retried and dead jobs. A failing one is logged and affects nothing."""

    on_completed: Sequence[Observer] = ()
    on_retry: Sequence[Observer] = ()
    on_dead: Sequence[Observer] = ()

    def of(self, event: JobEvent) -> Sequence[Observer]:
        """Those that hear of an event."""
        if event is JobEvent.SUCCEEDED:
            return self.on_completed
        if event is JobEvent.ERRED:
            return self.on_retry
        return self.on_dead if event is JobEvent.DIED else ()

    async def tell(self, event: JobEvent, info: JobEventInfo) -> None:
        """Call each in turn; called away from the job's own path."""
        for observer in self.of(event):
            try:
                if inspect.iscoroutinefunction(observer):
                    await observer(info)
                else:
                    await asyncio.to_thread(observer, info)
            except Exception as error:  # noqa: BLE001  # an observer never affects a job
                log.warning("observer_failed", observer=repr(observer), job_id=info.job_id, error=repr(error))
