"""RunPolicy: what the options of a run come to: option, else handler, else configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..domain.job_type import JobType
from ..domain.retry_policy import RetryPolicy
from ..ports.envelope import Envelope
from .messages import MILLISECOND, to_instant

REMEMBERED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RunDefaults:
    """The configuration's share. `timeout` None means no limit; a `keep_*` of None means for ever."""

    max_retries: int = 3
    retry_delay: timedelta = timedelta(seconds=5)
    max_backoff: timedelta = timedelta(hours=1)
    timeout: timedelta | None = timedelta(minutes=30)
    crash_limit: int = 3
    keep_completed: timedelta | None = timedelta(hours=1)
    keep_cancelled: timedelta | None = timedelta(hours=24)
    keep_failed: timedelta | None = None


class RunPolicy:
    """Resolves options at run, so that a change of handler or configuration also reaches jobs that wait."""

    def __init__(self, defaults: RunDefaults) -> None:
        self._defaults = defaults
        self._keep_completed = _remembered(defaults.keep_completed)
        self._keep_cancelled = _remembered(defaults.keep_cancelled)

    def retry(self, envelope: Envelope, job_type: JobType[Any, Any] | None) -> RetryPolicy:
        """How often and when this job runs again."""
        defaults = self._defaults
        max_retries, delay, backoff = defaults.max_retries, defaults.retry_delay, None
        if job_type is not None:
            max_retries = max_retries if job_type.max_retries is None else job_type.max_retries
            delay = delay if job_type.retry_delay is None else job_type.retry_delay
            backoff = job_type.backoff
        if envelope.max_retries is not None:
            max_retries = envelope.max_retries
        return RetryPolicy(max_retries, delay, defaults.max_backoff, backoff)

    def crash_limit(self, job_type: JobType[Any, Any] | None) -> int:
        """How many times its worker may die under a job before the job is dead-lettered."""
        own = None if job_type is None else job_type.crash_limit
        return self._defaults.crash_limit if own is None else own

    def timeout(self, envelope: Envelope, job_type: JobType[Any, Any]) -> timedelta | None:
        """How long this run may take; None without a limit."""
        if envelope.timeout is not None:
            return None if envelope.timeout == 0 else envelope.timeout * MILLISECOND
        if job_type.timeout is not None:
            return job_type.timeout if isinstance(job_type.timeout, timedelta) else None
        return self._defaults.timeout

    def deadline(self, envelope: Envelope, job_type: JobType[Any, Any], now: datetime) -> datetime | None:
        """When this run is stopped: the earlier of its timeout and the job's deadline."""
        timeout = self.timeout(envelope, job_type)
        ends = [] if timeout is None else [now + timeout]
        if envelope.deadline is not None:
            ends.append(to_instant(envelope.deadline))
        return min(ends, default=None)

    def keep_completed(self, envelope: Envelope | None) -> timedelta | None:
        """How long the completed job is kept; never so short that its id is forgotten at once."""
        return _kept(envelope, self._keep_completed)

    def keep_cancelled(self, envelope: Envelope | None) -> timedelta | None:
        """How long the cancelled job is kept."""
        return _kept(envelope, self._keep_cancelled)

    @property
    def keep_failed(self) -> timedelta | None:
        """How long a dead letter is kept."""
        return self._defaults.keep_failed


def _kept(envelope: Envelope | None, default: timedelta | None) -> timedelta | None:
    if envelope is None or envelope.retention is None:
        return default
    return _remembered(envelope.retention * MILLISECOND)


def _remembered(wanted: timedelta | None) -> timedelta | None:
    return None if wanted is None else max(wanted, REMEMBERED)
