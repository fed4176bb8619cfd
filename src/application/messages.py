"""Between jobs and messages: a job becomes an envelope once, at submit; a stored job becomes a job at each look-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ..domain.factory import JobFactory, Placement
from ..domain.jobs.base import BaseJob
from ..domain.options import LAST_INSTANT, JobOptions
from ..domain.payload import JobPayload
from ..domain.priority import JobPriority
from ..ports.envelope import (
    VERSION,
    Envelope,
    MalformedEnvelope,
    Message,
    decode_envelope,
    made_at,
    uuid7_milliseconds,
)
from ..ports.job_store import StoredJob

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant."""
    return (instant - EPOCH) // MILLISECOND


def to_instant(milliseconds: int) -> datetime:
    """The aware UTC instant of milliseconds since 1970; what lies beyond the calendar is its last instant.

    A handler may put a job off by more than the calendar has left.
    """
    try:
        return EPOCH + milliseconds * MILLISECOND
    except OverflowError:
        return LAST_INSTANT


def plain_message(job_type: str, payload: JobPayload, placement: Placement, job_id: str) -> Message:
    """As `new_message`, of a job without options whose id says when it was made: most are."""
    envelope = Envelope(VERSION, job_type, placement.queue, placement.word, payload=msgspec.Raw(payload.raw))
    return Message.of(job_id, envelope)


def new_message(
    job_type: str,
    payload: JobPayload,
    options: JobOptions,
    placement: Placement,
    job_id: str,
    at: int | None,
    scheduled_at: datetime | None,
    headers: Mapping[str, Any] | None = None,
) -> Message:
    """The message that enqueues a new job; only options that the caller set are in it. `at` is that of `at_beside`."""
    envelope = Envelope(
        VERSION,
        job_type,
        queue=placement.queue,
        priority=placement.word,
        at=at,
        due=None if scheduled_at is None else to_milliseconds(scheduled_at),
        max_retries=options.max_retries,
        timeout=_timeout(options),
        expires=None if options.expires_at is None else to_milliseconds(options.expires_at),
        deadline=None if options.deadline is None else to_milliseconds(options.deadline),
        retention=None if options.retention is None else options.retention // MILLISECOND,
        unique=options.unique_key,
        tags=None if options.tags is None else list(options.tags),
        metadata=None if options.metadata is None else dict(options.metadata),
        headers=None if headers is None else dict(headers),
        payload=msgspec.Raw(payload.raw),
    )
    return Message.of(job_id, envelope)


def to_message(job: BaseJob, headers: Mapping[str, Any] | None = None) -> Message:
    """The message that enqueues a new job."""
    return new_message(
        job.type,
        job.payload,
        job.options,
        Placement(job.queue, job.priority),
        job.job_id,
        at_beside(job.job_id, to_milliseconds(job.created_at)),
        job.scheduled_at,
        headers,
    )


def at_beside(job_id: str, made: int) -> int | None:
    """`made` (milliseconds), or None where the id says it already."""
    return None if uuid7_milliseconds(job_id) == made else made


def _timeout(options: JobOptions) -> int | None:
    if options.timeout is None:
        return None
    return 0 if options.timeout == "none" else max(1, options.timeout // MILLISECOND)


def options_of(envelope: Envelope) -> JobOptions:
    """The options that the submitter set."""
    timeout = envelope.timeout
    return JobOptions(
        max_retries=envelope.max_retries,
        timeout=None if timeout is None else "none" if timeout == 0 else timeout * MILLISECOND,
        expires_at=None if envelope.expires is None else to_instant(envelope.expires),
        deadline=None if envelope.deadline is None else to_instant(envelope.deadline),
        retention=None if envelope.retention is None else envelope.retention * MILLISECOND,
        unique_key=envelope.unique,
        tags=None if envelope.tags is None else tuple(envelope.tags),
        metadata=envelope.metadata,
    )


def to_job(stored: StoredJob, factory: JobFactory, default_max_retries: int | None = None) -> BaseJob:
    """The job that a store keeps. One whose envelope cannot be read has the type `?` and its raw bytes as payload."""
    try:
        envelope = decode_envelope(stored.data)
    except MalformedEnvelope:
        envelope = Envelope(VERSION, "?", queue=stored.queue or "default", payload=msgspec.Raw(stored.data))
    due = stored.due if stored.due is not None else envelope.due
    return factory.class_for(envelope.type)(
        job_id=stored.job_id,
        type=envelope.type,
        queue=envelope.queue,
        priority=JobPriority.parse(envelope.priority),
        payload=JobPayload(bytes(envelope.payload)),
        created_at=to_instant(made_at(stored.job_id, envelope)),
        scheduled_at=None if due is None else to_instant(due),
        options=options_of(envelope),
        status=stored.status,
        reason=stored.reason,
        attempt=stored.attempt,
        crashes=stored.crashes,
        max_retries=envelope.max_retries if envelope.max_retries is not None else default_max_retries,
        started_at=None if stored.started is None else to_instant(stored.started),
        finished_at=None if stored.finished is None else to_instant(stored.finished),
        progress=stored.progress,
        result=None if stored.result is None else msgspec.json.decode(stored.result),
        error=stored.error,
    )
