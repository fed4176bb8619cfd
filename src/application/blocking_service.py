"""BlockingJobService: the same service for threads."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar, Unpack, overload

from pydantic import BaseModel

from ..domain.errors import JobError
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.options import JobOptions
from ..domain.status import JobStatus
from ..ports.dead_letter_answer import DeadLetterAnswer
from ..ports.delivery import QueueStats
from ..ports.leases import WorkerStatus
from ..ports.store_check import StoreReport
from .async_service import AsyncJobService
from .blocking_schedules import BlockingSchedules
from .explain_job import Explanation
from .submit_job import JobRequest
from .submit_options import Duration, SubmitOptions

P = TypeVar("P")
R = TypeVar("R")
Payload = Mapping[str, Any] | BaseModel


class Drive(Protocol):
    """Runs one operation to its end and gives its result, such as `hexjobs.application.blocking.drive`."""

    def __call__(self, operation: Coroutine[Any, Any, R], /) -> R: ...


class BlockingJobService(BlockingSchedules):
    """Submit, look up, cancel, retry, schedule and wait for jobs. Safe to share between threads, and after fork.

    Each method is that of AsyncJobService, driven to its end.
    """

    def __init__(self, jobs: AsyncJobService, drive: Drive) -> None:
        self._jobs = jobs
        self._drive = drive

    @overload
    def submit_job(self, job_type: JobType[P, Any], payload: P, **options: Unpack[SubmitOptions]) -> str: ...
    @overload
    def submit_job(self, job_type: str, payload: Payload = ..., **options: Unpack[SubmitOptions]) -> str: ...
    def submit_job(
        self, job_type: JobType[Any, Any] | str, payload: Any = None, **options: Unpack[SubmitOptions]
    ) -> str:
        """See `AsyncJobService.submit_job`."""
        return self._drive(self._jobs.submit_job(job_type, payload, **options))

    def submit_job_with_options(
        self, job_type: JobType[Any, Any] | str, payload: Any, options: JobOptions
    ) -> str:
        """See `AsyncJobService.submit_job_with_options`."""
        return self._drive(self._jobs.submit_job_with_options(job_type, payload, options))

    def submit_jobs(
        self, jobs: Iterable[JobRequest | Sequence[Any]], *, atomic: bool = False
    ) -> list[str | JobError]:
        """See `AsyncJobService.submit_jobs`."""
        return self._drive(self._jobs.submit_jobs(jobs, atomic=atomic))

    def get_job(self, job_id: str) -> BaseJob:
        """See `AsyncJobService.get_job`."""
        return self._drive(self._jobs.get_job(job_id))

    def get_job_status(self, job_id: str) -> JobStatus:
        """See `AsyncJobService.get_job_status`."""
        return self._drive(self._jobs.get_job_status(job_id))

    def find_jobs(
        self,
        *,
        status: JobStatus | str | None = None,
        queue: str | None = None,
        job_type: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[BaseJob]:
        """See `AsyncJobService.find_jobs`."""
        return self._drive(
            self._jobs.find_jobs(status=status, queue=queue, job_type=job_type, limit=limit, offset=offset)
        )

    def queue_stats(self) -> list[QueueStats]:
        """See `AsyncJobService.queue_stats`."""
        return self._drive(self._jobs.queue_stats())

    def pause_queue(self, queue: str) -> bool:
        """See `AsyncJobService.pause_queue`."""
        return self._drive(self._jobs.pause_queue(queue))

    def resume_queue(self, queue: str) -> bool:
        """See `AsyncJobService.resume_queue`."""
        return self._drive(self._jobs.resume_queue(queue))

    def purge_queue(self, queue: str) -> int:
        """See `AsyncJobService.purge_queue`."""
        return self._drive(self._jobs.purge_queue(queue))

    def workers(self) -> list[WorkerStatus]:
        """See `AsyncJobService.workers`."""
        return self._drive(self._jobs.workers())

    def why(self, job_id: str) -> Explanation:
        """See `AsyncJobService.why`."""
        return self._drive(self._jobs.why(job_id))

    def select_dead_letters(
        self, *, queue: str | None = None, job_type: str | None = None, older_than: Duration | None = None
    ) -> list[str]:
        """See `AsyncJobService.select_dead_letters`."""
        return self._drive(
            self._jobs.select_dead_letters(queue=queue, job_type=job_type, older_than=older_than)
        )

    def retry_dead_letters(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """See `AsyncJobService.retry_dead_letters`."""
        return self._drive(self._jobs.retry_dead_letters(job_ids))

    def delete_dead_letters(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """See `AsyncJobService.delete_dead_letters`."""
        return self._drive(self._jobs.delete_dead_letters(job_ids))

    def cancel_job(self, job_id: str) -> bool:
        """See `AsyncJobService.cancel_job`."""
        return self._drive(self._jobs.cancel_job(job_id))

    def retry_job(self, job_id: str) -> None:
        """See `AsyncJobService.retry_job`."""
        self._drive(self._jobs.retry_job(job_id))

    def move_job(
        self, job_id: str, *, delay: Duration | None = None, scheduled_at: datetime | str | None = None
    ) -> None:
        """See `AsyncJobService.move_job`."""
        self._drive(self._jobs.move_job(job_id, delay=delay, scheduled_at=scheduled_at))

    def run_job_now(self, job_id: str) -> None:
        """See `AsyncJobService.run_job_now`."""
        self._drive(self._jobs.run_job_now(job_id))

    def delete_job(self, job_id: str) -> bool:
        """See `AsyncJobService.delete_job`."""
        return self._drive(self._jobs.delete_job(job_id))

    def wait_for(self, job_id: str, timeout: Duration | None = None) -> BaseJob:
        """See `AsyncJobService.wait_for`."""
        return self._drive(self._jobs.wait_for(job_id, timeout))

    def result(self, job_id: str) -> Any:
        """See `AsyncJobService.result`."""
        return self._drive(self._jobs.result(job_id))

    def check_store(self, *, repair: bool = False) -> StoreReport:
        """See `AsyncJobService.check_store`."""
        return self._drive(self._jobs.check_store(repair=repair))

    def close(self) -> None:
        """See `AsyncJobService.close`."""
        self._drive(self._jobs.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
