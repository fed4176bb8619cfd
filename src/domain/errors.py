"""Every error that this package raises on purpose.

JobError
├── InvalidJob               what was submitted cannot become a job; `problems` names each field
│   ├── UnknownJobType
│   ├── UnknownQueue
│   └── UnsupportedOption
├── InvalidConfiguration     a settings file, an environment variable or a handler module is wrong
├── QueueFull
├── JobIdConflict
├── JobNotFound
├── IllegalTransition
├── JobsDisabled
├── WaitTimeout
├── JobFailed
├── LeaseLost
├── ServerUnavailable        the server is away; what was asked may or may not have happened
│   └── ServerFull           it has no memory or disk left; nothing was stored
├── PermanentError           raised by a handler: dead-letter now, no retry
└── RetryLater               raised by a handler: run again later, no attempt spent

The docstring of a leaf is its message when it is raised without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from inspect import cleandoc


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and how to mend it.

    `field` is a dotted path (`payload.to`, `options.delay`, `jobs.redis.addr`).
    """

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class JobError(Exception):
    """The job system could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or cleandoc(type(self).__doc__ or "").splitlines()[0])


class InvalidJob(JobError):
    """The job is not valid."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnknownJobType(InvalidJob):
    """No handler and no declared JobType has this name."""


class UnknownQueue(InvalidJob):
    """No queue of this name is configured."""


class UnsupportedOption(InvalidJob):
    """The option is not supported here."""


class InvalidConfiguration(JobError):
    """The configuration is not valid."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class QueueFull(JobError):
    """The queue holds as many waiting and scheduled jobs as its max_jobs allows."""

    def __init__(self, queue: str, max_jobs: int) -> None:
        self.queue, self.max_jobs = queue, max_jobs
        super().__init__(f"queue {queue!r} is full: max_jobs is {max_jobs}; raise it or submit later")


class JobIdConflict(JobError):
    """A job with this id exists already and has another type or payload."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id!r} exists already with another type or payload; use another job_id")


class JobNotFound(JobError):
    """There is no job with this id, or its retention has ended."""

    def __init__(self, job_id: str, message: str | None = None) -> None:
        self.job_id = job_id
        super().__init__(message or f"there is no job {job_id!r}, or its retention has ended")


class IllegalTransition(JobError):
    """The job's status does not allow this."""


class JobsDisabled(JobError):
    """Jobs are switched off: jobs.enabled is false in the configuration."""


class WaitTimeout(JobError):
    """The job had not finished when the time to wait for it was over."""


class JobFailed(JobError):
    """The job did not complete, so it has no result."""


class LeaseLost(JobError):
    """The delivery is no longer the current one: its result was refused."""


class ServerUnavailable(JobError):
    """The queue server cannot be reached."""


class ServerFull(ServerUnavailable):
    """The queue server has no memory or disk left and takes no job in: make room, then submit again."""


class PermanentError(JobError):
    """The job can never succeed: it is dead-lettered without a retry."""


class RetryLater(JobError):
    """The job cannot run now; it runs again later and spends no attempt."""

    def __init__(self, delay: timedelta | float, message: str | None = None) -> None:
        self.delay = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
        super().__init__(message)
