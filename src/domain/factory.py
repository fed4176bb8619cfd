"""JobFactory: builds jobs of the right class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .job_type import JobType
from .jobs.base import BaseJob
from .jobs.data_cleanup import DataCleanupJob, DataCleanupPayload
from .jobs.email import EmailJob, EmailPayload
from .jobs.file_processing import FileProcessingJob, FileProcessingPayload
from .jobs.notification import NotificationJob, NotificationPayload
from .options import JobOptions
from .payload import JobPayload
from .priority import JobPriority

SHIPPED_JOB_TYPES: tuple[JobType[Any, Any], ...] = (
    JobType(EmailJob.job_type, EmailPayload),
    JobType(FileProcessingJob.job_type, FileProcessingPayload),
    JobType(DataCleanupJob.job_type, DataCleanupPayload),
    JobType(NotificationJob.job_type, NotificationPayload),
)
SHIPPED_JOBS: tuple[type[BaseJob], ...] = (EmailJob, FileProcessingJob, DataCleanupJob, NotificationJob)


@dataclass(frozen=True, slots=True)
class Placement:
    """The queue and level that a submit resolved to."""

    queue: str
    priority: JobPriority
    word: str = field(init=False, repr=False, compare=False)
    """That of the level. It stands here for the many submits that one placement serves."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.priority.word)


class JobFactory:
    """Builds the class that belongs to a job type, and BaseJob for all others."""

    def __init__(self, classes: Iterable[type[BaseJob]] = SHIPPED_JOBS) -> None:
        self._classes = {job_class.job_type: job_class for job_class in classes}

    def class_for(self, job_type: str) -> type[BaseJob]:
        """The class of jobs of this type."""
        return self._classes.get(job_type, BaseJob)

    def create(
        self,
        job_type: str,
        payload: JobPayload,
        options: JobOptions,
        placement: Placement,
        *,
        job_id: str,
        now: datetime,
    ) -> BaseJob:
        """A new job; `delay` and `scheduled_at` become one instant."""
        return self.class_for(job_type)(
            job_id=job_id,
            type=job_type,
            queue=placement.queue,
            priority=placement.priority,
            payload=payload,
            created_at=now,
            scheduled_at=options.starts_at(now),
            options=options,
            max_retries=options.max_retries,
        )
