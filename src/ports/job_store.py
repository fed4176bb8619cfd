"""JobStore: looking jobs up and acting on them from outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from ..domain.status import JobStatus


class StoredJob(msgspec.Struct):
    """A job as an adapter keeps it: its envelope's bytes and its state. Instants are milliseconds since 1970."""

    job_id: str
    data: bytes
    status: JobStatus
    queue: str = ""
    reason: str | None = None
    attempt: int = 0
    crashes: int = 0
    due: int | None = None
    started: int | None = None
    finished: int | None = None
    progress: Any = None
    result: bytes | None = None
    error: str | None = None
    worker_id: str | None = None


class JobQuery(msgspec.Struct, frozen=True):
    """Which jobs to list. None means any; newest first where the adapter knows an order."""

    status: JobStatus | None = None
    queue: str | None = None
    type: str | None = None
    limit: int = 100
    offset: int = 0


class CancelResult(StrEnum):
    """What `cancel` came to."""

    CANCELLED = "cancelled"
    REQUESTED = "requested"
    FINISHED = "finished"
    NOT_FOUND = "not_found"


class JobStore(Protocol):
    """Looking jobs up and acting on them. ServerUnavailable is raised by every method when the server is away."""

    async def get(self, job_ids: Sequence[str]) -> list[StoredJob | None]:
        """The jobs in the order of the ids, None for each unknown; each one is a consistent view."""
        ...

    async def find(self, query: JobQuery, queues: Sequence[str]) -> list[StoredJob]:
        """Jobs that match, at most `query.limit`, after `query.offset` matches; `queues` are the ones to look into."""
        ...

    async def cancel(self, job_id: str, keep: timedelta | None) -> CancelResult:
        """End a waiting, scheduled or retrying job as cancelled; ask for it when it runs; leave an ended one as it is.

        `keep` is how long the cancelled job is kept (None: for ever). Its unique key is free at once.
        """
        ...

    async def retry(self, job_id: str) -> bool:
        """Put a failed or cancelled job at the tail of its level with its attempts and crashes at zero.

        False when there is no such job. IllegalTransition when it is in another state, or when another unfinished job
        holds its unique key by now; nothing changes then.
        """
        ...

    async def reschedule(self, job_id: str, due: int | None) -> bool:
        """Let a scheduled or retrying job wait until another instant, `due` in milliseconds since 1970, or run it now.

        With None, or an instant that has passed, it goes to the tail of its level at once, as one that is submitted.
        Its attempts stay as they are, and it shows the instant it was given, also once that has come. False when there is
        no such job. IllegalTransition when it does not wait for a time; nothing changes then.
        """
        ...

    async def delete(self, job_id: str) -> bool:
        """Forget a job that does not run, with all that belongs to it.

        False when there is none; IllegalTransition when it is processing.
        """
        ...

    async def ahead(self, job_id: str, most: int) -> int | None:
        """How many waiting jobs of its queue go before this one; None when it does not wait in its queue.

        No further than `most` is counted: where there are more, the answer is `most` + 1.
        """
        ...

    async def save_progress(self, job_id: str, fence: int, progress: bytes) -> bool:
        """Keep the latest progress (JSON) of a running job; False, and nothing changes, when the fence is stale."""
        ...

    async def effect(self, job_id: str, fence: int, key: str) -> bytes | None:
        """The value (JSON) that is recorded for an effect of a running job, None where there is none.

        LeaseLost when the fence is stale.
        """
        ...

    async def record_effect(self, job_id: str, fence: int, key: str, value: bytes) -> bytes:
        """Record the value of an effect of a running job; the first one wins, and is the answer.

        LeaseLost, and nothing changes, when the fence is stale. What is recorded stays as long as the job, also over
        `retry`.
        """
        ...

    async def enqueued_counts(self) -> dict[tuple[str, str, str], int]:
        """How many jobs were ever enqueued, by (type, priority, queue), by all processes together."""
        ...

    async def sweep(self, max_completed: int) -> int:
        """Remove what retention has ended: completed jobs beyond `max_completed`, and index entries of expired ones.
        The number of jobs removed."""
        ...
