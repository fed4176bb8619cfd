"""CancelJob: end a job from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..domain.errors import JobNotFound
from ..ports.job_store import CancelResult, JobStore


@dataclass(frozen=True, slots=True)
class CancelJob:
    """End a waiting job, or ask a running one to end. `keep` is how long cancelled jobs are kept."""

    store: JobStore
    keep: timedelta | None

    async def __call__(self, job_id: str) -> bool:
        """True: cancelled, or asked for; False: finished before. JobNotFound."""
        result = await self.store.cancel(job_id, self.keep)
        if result is CancelResult.NOT_FOUND:
            raise JobNotFound(job_id)
        return result is not CancelResult.FINISHED
