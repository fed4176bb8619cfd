"""RescheduleJob: move a job that waits for a time, or run it now."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import InvalidJob, JobNotFound, Problem
from ..domain.options import JobOptions
from ..ports.clock import Clock
from ..ports.job_store import JobStore
from .messages import to_milliseconds


@dataclass(frozen=True, slots=True)
class RescheduleJob:
    """Give a scheduled or retrying job another time."""

    store: JobStore
    clock: Clock

    async def move(self, job_id: str, options: JobOptions) -> None:
        """The job waits until `options.delay` from now, or `options.scheduled_at`.

        InvalidJob where neither is given; JobNotFound; IllegalTransition where it does not wait for a time.
        """
        if options.delay is None and options.scheduled_at is None:
            raise InvalidJob([Problem("options.delay", "or scheduled_at must be given: when to start it")])
        now = self.clock.now()
        await self._reschedule(job_id, to_milliseconds(options.starts_at(now) or now))

    async def run_now(self, job_id: str) -> None:
        """The job waits for a worker only. JobNotFound; IllegalTransition where it does not wait for a time."""
        await self._reschedule(job_id, None)

    async def _reschedule(self, job_id: str, due: int | None) -> None:
        if not await self.store.reschedule(job_id, due):
            raise JobNotFound(job_id)
