"""JobQueries: looking at jobs and waiting for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..domain.errors import JobFailed, JobNotFound, WaitTimeout
from ..domain.factory import JobFactory
from ..domain.jobs.base import BaseJob
from ..domain.status import JobStatus
from ..ports.clock import Clock
from ..ports.delivery import QueueStats
from ..ports.job_queue import JobQueue
from ..ports.job_store import JobQuery, JobStore
from .messages import to_job

FIRST_LOOK_SECONDS = 0.005
LONGEST_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class JobQueries:
    """Looks at jobs; changes nothing."""

    queue: JobQueue
    store: JobStore
    clock: Clock
    queues: Sequence[str]
    factory: JobFactory
    default_max_retries: int | None = None

    async def get(self, job_id: str) -> BaseJob:
        """The job; JobNotFound."""
        (stored,) = await self.store.get([job_id])
        if stored is None:
            raise JobNotFound(job_id)
        return to_job(stored, self.factory, self.default_max_retries)

    async def find(self, query: JobQuery) -> list[BaseJob]:
        """The jobs that match."""
        found = await self.store.find(query, await self.known_queues())
        return [to_job(stored, self.factory, self.default_max_retries) for stored in found]

    async def queue_stats(self) -> list[QueueStats]:
        """How many jobs of each queue are where."""
        return await self.queue.stats_of(await self.known_queues())

    async def known_queues(self) -> list[str]:
        """The configured queues, and those that others put jobs into: no job is out of sight."""
        used = {queue for _, _, queue in await self.store.enqueued_counts()}
        return [*self.queues, *sorted(used.difference(self.queues))]

    async def wait_for(self, job_id: str, timeout: timedelta | None) -> BaseJob:
        """The job once it has ended; WaitTimeout where it has not after `timeout` (None: wait for ever); JobNotFound.

        Looks often at first and four times a second later on.
        """
        give_up = None if timeout is None else self.clock.monotonic() + timeout.total_seconds()
        pause = FIRST_LOOK_SECONDS
        while True:
            job = await self.get(job_id)
            if job.is_finished:
                return job
            if give_up is not None:
                left = give_up - self.clock.monotonic()
                if left <= 0:
                    raise WaitTimeout(f"job {job_id!r} is still {job.status}")
                pause = min(pause, left)
            await self.clock.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)

    async def result(self, job_id: str) -> Any:
        """The result of a completed job; JobFailed where it failed or was cancelled, WaitTimeout while it has not ended."""
        job = await self.get(job_id)
        if job.status is JobStatus.COMPLETED:
            return job.result
        if not job.is_finished:
            raise WaitTimeout(f"job {job_id!r} is still {job.status}; use wait_for")
        raise JobFailed(
            f"job {job_id!r} {job.status}: {job.reason}" + (f": {job.error}" if job.error else "")
        )
