"""The one table of what may happen to a job: `TRANSITIONS`. The docs print it and the adapters obey it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import IllegalTransition
from .status import JobStatus

PENDING, SCHEDULED, PROCESSING, RETRYING = (
    JobStatus.PENDING,
    JobStatus.SCHEDULED,
    JobStatus.PROCESSING,
    JobStatus.RETRYING,
)
COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED


class JobEvent(StrEnum):
    """What can happen to a job, in the past tense."""

    DUE = "due"
    DEQUEUED = "dequeued"
    SUCCEEDED = "succeeded"
    ERRED = "erred"
    DIED = "died"
    SNOOZED = "snoozed"
    GIVEN_BACK = "given_back"
    LEASE_EXPIRED = "lease_expired"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    RETRIED = "retried"


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal step: the states it may start from, the state it ends in, and whether an attempt stays spent.

    A dequeue counts an attempt; `attempt_spent=False` gives it back.
    """

    event: JobEvent
    sources: frozenset[JobStatus]
    target: JobStatus
    attempt_spent: bool
    meaning: str


def _row(
    event: JobEvent, sources: set[JobStatus], target: JobStatus, spent: bool, meaning: str
) -> Transition:
    return Transition(event, frozenset(sources), target, spent, meaning)


TRANSITIONS: dict[JobEvent, Transition] = {
    row.event: row
    for row in (
        _row(JobEvent.DUE, {SCHEDULED, RETRYING}, PENDING, True, "its time has come"),
        _row(JobEvent.DEQUEUED, {PENDING}, PROCESSING, True, "a worker took it; the attempt counts"),
        _row(JobEvent.SUCCEEDED, {PROCESSING}, COMPLETED, True, "the handler returned"),
        _row(JobEvent.ERRED, {PROCESSING}, RETRYING, True, "the handler raised and attempts are left"),
        _row(
            JobEvent.DIED, {PROCESSING, PENDING}, FAILED, True, "no attempt is left, or it can never succeed"
        ),
        _row(JobEvent.SNOOZED, {PROCESSING}, SCHEDULED, False, "the handler asked for a later time"),
        _row(JobEvent.GIVEN_BACK, {PROCESSING}, PENDING, False, "its worker stopped before the job was done"),
        _row(JobEvent.LEASE_EXPIRED, {PROCESSING}, PENDING, False, "its worker died"),
        _row(JobEvent.CRASHED, {PROCESSING}, PENDING, False, "the process of its own that ran it died"),
        _row(
            JobEvent.CANCELLED,
            {PENDING, SCHEDULED, RETRYING, PROCESSING},
            CANCELLED,
            True,
            "somebody cancelled it, or its handler did",
        ),
        _row(JobEvent.DISCARDED, {PROCESSING}, CANCELLED, True, "the handler found that it is not needed"),
        _row(
            JobEvent.EXPIRED,
            {PENDING, SCHEDULED, RETRYING, PROCESSING},
            CANCELLED,
            True,
            "expires_at or deadline passed",
        ),
        _row(
            JobEvent.RETRIED,
            {FAILED, CANCELLED},
            PENDING,
            True,
            "somebody asked for another run; attempts restart",
        ),
    )
}


def next_status(status: JobStatus, event: JobEvent) -> JobStatus:
    """The status after `event`, or IllegalTransition when the table has no such step from `status`."""
    row = TRANSITIONS[event]
    if status not in row.sources:
        allowed = ", ".join(sorted(row.sources))
        raise IllegalTransition(f"a {status} job cannot be {event.replace('_', ' ')}; only: {allowed}")
    return row.target
