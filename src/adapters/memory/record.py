"""JobRecord: one job as the memory keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

from ...domain.priority import JobPriority
from ...domain.status import JobStatus
from ...domain.transitions import TRANSITIONS, JobEvent, next_status
from ...ports.delivery import Delivery
from ...ports.envelope import Message
from ...ports.job_store import StoredJob


@dataclass(slots=True, eq=False)
class JobRecord:
    """One job: the message it came as, and how far it has come. Instants are milliseconds since 1970.

    `fence` is that of the current delivery, 0 while there is none. `waiting_since` is when it last joined the tail,
    `moved` the instant it was last moved to.
    """

    message: Message
    queue: str
    priority: JobPriority
    status: JobStatus = JobStatus.PENDING
    reason: str | None = None
    attempt: int = 0
    crashes: int = 0
    fence: int = 0
    worker_id: str | None = None
    due: int | None = None
    moved: int | None = None
    started: int | None = None
    finished: int | None = None
    waiting_since: int = 0
    progress: bytes | None = None
    result: bytes | None = None
    error: str | None = None
    cancel_requested: bool = False
    cancel_keep: timedelta | None = None
    effects: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, message: Message, now: int) -> JobRecord:
        """A new job: scheduled when its time lies ahead, else pending."""
        due = message.envelope.due
        record = cls(message, message.envelope.queue, message.envelope.level)
        if due is not None and due > now:
            record.status, record.due = JobStatus.SCHEDULED, due
        return record

    @property
    def job_id(self) -> str:
        """Its id."""
        return self.message.job_id

    @property
    def unique(self) -> str | None:
        """The unique key that it was submitted with."""
        return self.message.envelope.unique

    def is_as(self, message: Message) -> bool:
        """Whether the message asks for the same: its type, and its payload as JSON."""
        mine, other = self.message.envelope, message.envelope
        if mine.type != other.type:
            return False
        raw, other_raw = bytes(mine.payload), bytes(other.payload)
        return raw == other_raw or _canonical(raw) == _canonical(other_raw)

    def apply(self, event: JobEvent, now: int, reason: str | None = None) -> None:
        """Take one step of the table of transitions; IllegalTransition changes nothing."""
        status = next_status(self.status, event)
        if event is JobEvent.DEQUEUED:
            self.attempt += 1
            self.started = now
        elif event is JobEvent.RETRIED:
            self.attempt = self.crashes = 0
            self.started = self.finished = self.progress = self.result = None
        elif self.attempt and not TRANSITIONS[event].attempt_spent:
            self.attempt -= 1
        if event in (JobEvent.LEASE_EXPIRED, JobEvent.CRASHED):
            self.crashes += 1
        if self.status is JobStatus.PROCESSING:
            self.fence, self.worker_id = 0, None
            self.cancel_requested, self.cancel_keep = False, None
        self.status, self.due = status, None
        self.reason = reason or (event.value if status.is_terminal else None)
        if status.is_terminal:
            self.finished = now

    def to_delivery(self) -> Delivery:
        """The delivery that hands the job to its worker."""
        return Delivery(
            job_id=self.job_id,
            queue=self.queue,
            priority=self.priority,
            data=self.message.data,
            attempt=self.attempt,
            fence=self.fence,
            crashes=self.crashes,
            worker_id=self.worker_id or "",
        )

    def to_stored(self) -> StoredJob:
        """A view that later changes do not touch."""
        return StoredJob(
            job_id=self.job_id,
            data=self.message.data,
            status=self.status,
            queue=self.queue,
            reason=self.reason,
            attempt=self.attempt,
            crashes=self.crashes,
            due=self.moved if self.due is None else self.due,
            started=self.started,
            finished=self.finished,
            progress=None if self.progress is None else json.loads(self.progress),
            result=self.result,
            error=self.error,
            worker_id=self.worker_id,
        )


def _canonical(raw: bytes) -> str | bytes:
    try:
        return json.dumps(json.loads(raw), sort_keys=True)
    except (ValueError, RecursionError):
        return raw
