"""BaseJob: one job, from submit to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from ..options import JobOptions
from ..payload import JobPayload
from ..priority import JobPriority
from ..status import JobStatus
from ..transitions import TRANSITIONS, JobEvent, next_status


@dataclass(slots=True, kw_only=True)
class BaseJob:
    """One job: what was asked for (never changes) and how far it has come (changes by `apply` alone).

    Instants are aware UTC datetimes. `attempt` counts the runs, from 1; 0 before the first. `crashes` counts the
    deliveries that ended with their worker's death. `reason` is a stable word for why the job is where it is; every
    terminal job has one.
    """

    job_type: ClassVar[str] = ""

    job_id: str
    type: str
    queue: str
    priority: JobPriority
    payload: JobPayload
    created_at: datetime
    scheduled_at: datetime | None = None
    options: JobOptions = field(default_factory=JobOptions)

    status: JobStatus = JobStatus.PENDING
    reason: str | None = None
    attempt: int = 0
    crashes: int = 0
    max_retries: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Any = None
    result: Any = None
    error: str | None = None

    def apply(self, event: JobEvent, *, at: datetime, reason: str | None = None) -> None:
        """Take one step of the table of transitions; IllegalTransition changes nothing."""
        status = next_status(self.status, event)
        row = TRANSITIONS[event]
        if event is JobEvent.DEQUEUED:
            self.attempt += 1
            self.started_at = at
        elif event is JobEvent.RETRIED:
            self.attempt = 0
            self.finished_at = None
        elif not row.attempt_spent and self.attempt:
            self.attempt -= 1
        if event in (JobEvent.LEASE_EXPIRED, JobEvent.CRASHED):
            self.crashes += 1
        self.status = status
        self.reason = reason or (event.value if status.is_terminal else None)
        if status.is_terminal:
            self.finished_at = at

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self.status.is_terminal

    def to_dict(self) -> dict[str, Any]:
        """The job as JSON-safe values, in the shape that the API and the command line show."""
        return {
            "job_id": self.job_id,
            "type": self.type,
            "queue": self.queue,
            "priority": self.priority.word,
            "status": self.status.value,
            "reason": self.reason,
            "attempt": self.attempt,
            "max_retries": self.max_retries,
            "crashes": self.crashes,
            "created_at": _iso(self.created_at),
            "scheduled_at": _iso(self.scheduled_at),
            "started_at": _iso(self.started_at),
            "finished_at": _iso(self.finished_at),
            "progress": self.progress,
            "result": self.result,
            "error": self.error,
            "tags": list(self.options.tags or ()),
            "metadata": dict(self.options.metadata or {}),
        }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="milliseconds")
