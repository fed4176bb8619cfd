"""RetryJob: give a failed or cancelled job another round of attempts."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import JobNotFound
from ..ports.job_store import JobStore


@dataclass(frozen=True, slots=True)
class RetryJob:
    """Put an ended job back into its queue."""

    store: JobStore

    async def __call__(self, job_id: str) -> None:
        """The job waits again, its attempts at zero. JobNotFound; IllegalTransition unless it failed or was cancelled."""
        if not await self.store.retry(job_id):
            raise JobNotFound(job_id)
