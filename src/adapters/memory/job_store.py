"""MemoryJobStore: the JobStore port in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from ...domain.errors import IllegalTransition, LeaseLost
from ...domain.status import JobStatus
from ...domain.transitions import JobEvent
from ...ports.clock import Clock
from ...ports.job_store import CancelResult, JobQuery, StoredJob
from .instants import milliseconds
from .record import JobRecord
from .state import MemoryStore


class MemoryJobStore:
    """Looks up and acts on the jobs of a MemoryStore, from any thread; no method ever suspends.

    A completed job is `remembered` at least that long, also beyond the number of completed jobs to keep.
    """

    def __init__(
        self, state: MemoryStore, clock: Clock, *, remembered: timedelta = timedelta(minutes=10)
    ) -> None:
        self._state = state
        self._clock = clock
        self._remembered = milliseconds(remembered)

    async def get(self, job_ids: Sequence[str]) -> list[StoredJob | None]:
        """The jobs in the order of the ids, None for each unknown."""
        with self._state.lock:
            self._refresh()
            records = [self._state.jobs.get(job_id) for job_id in job_ids]
            return [None if record is None else record.to_stored() for record in records]

    async def find(self, query: JobQuery, queues: Sequence[str]) -> list[StoredJob]:
        """Jobs that match, the latest enqueued first."""
        with self._state.lock:
            self._refresh()
            newest_first = reversed(self._state.jobs.values())
            matches = (record for record in newest_first if _matches(record, query, queues))
            page = islice(matches, query.offset, query.offset + query.limit)
            return [record.to_stored() for record in page]

    async def cancel(self, job_id: str, keep: timedelta | None) -> CancelResult:
        """End a job that waits as cancelled; ask for it when it runs; leave an ended one as it is."""
        with self._state.lock:
            now = self._refresh()
            record = self._state.jobs.get(job_id)
            if record is None:
                return CancelResult.NOT_FOUND
            if record.status.is_terminal:
                return CancelResult.FINISHED
            if record.status is JobStatus.PROCESSING:
                record.cancel_requested, record.cancel_keep = True, keep
                return CancelResult.REQUESTED
            self._state.move(record, JobEvent.CANCELLED, now, keep=keep)
            return CancelResult.CANCELLED

    async def retry(self, job_id: str) -> bool:
        """Put a failed or cancelled job at the tail of its level with its attempts at zero."""
        with self._state.lock:
            now = self._refresh()
            record = self._state.jobs.get(job_id)
            if record is None:
                return False
            self._state.retry(record, now)
            return True

    async def reschedule(self, job_id: str, due: int | None) -> bool:
        """Let a scheduled or retrying job wait until another instant, or at the tail of its level at once."""
        with self._state.lock:
            now = self._refresh()
            record = self._state.jobs.get(job_id)
            if record is None:
                return False
            self._state.reschedule(record, now if due is None else due, now)
            return True

    async def delete(self, job_id: str) -> bool:
        """Forget a job that does not run; IllegalTransition when it is processing."""
        with self._state.lock:
            self._refresh()
            record = self._state.jobs.get(job_id)
            if record is None:
                return False
            if record.status is JobStatus.PROCESSING:
                raise IllegalTransition("a processing job cannot be deleted; cancel it first")
            self._state.forget(record)
            return True

    async def ahead(self, job_id: str, most: int) -> int | None:
        """How many waiting jobs of its queue go before this one, up to `most` + 1; None when it does not wait."""
        with self._state.lock:
            self._refresh()
            record = self._state.jobs.get(job_id)
            if record is None or record.status is not JobStatus.PENDING:
                return None
            return min(self._state.lines.ahead(record, most + 1), most + 1)

    async def save_progress(self, job_id: str, fence: int, progress: bytes) -> bool:
        """Keep the latest progress of a running job; False when the fence is stale."""
        with self._state.lock:
            record = self._state.jobs.get(job_id)
            if record is None or record.status is not JobStatus.PROCESSING or record.fence != fence:
                return False
            record.progress = progress
            return True

    async def effect(self, job_id: str, fence: int, key: str) -> bytes | None:
        """The value recorded for an effect of a running job; LeaseLost when the fence is stale."""
        with self._state.lock:
            return self._running(job_id, fence).effects.get(key)

    async def record_effect(self, job_id: str, fence: int, key: str, value: bytes) -> bytes:
        """Record the value of an effect, unless there is one; the value that holds."""
        with self._state.lock:
            return self._running(job_id, fence).effects.setdefault(key, value)

    async def enqueued_counts(self) -> dict[tuple[str, str, str], int]:
        """How many jobs were ever enqueued, by (type, priority, queue)."""
        with self._state.lock:
            return dict(+self._state.enqueued)

    async def sweep(self, max_completed: int) -> int:
        """Remove what retention has ended, the earliest completed first; the number of jobs removed."""
        with self._state.lock:
            now = self._clock.milliseconds()
            expired = self._state.refresh(now)
            surplus = islice(
                self._state.completed.values(), max(0, len(self._state.completed) - max_completed)
            )
            old = [record for record in surplus if (record.finished or 0) <= now - self._remembered]
            for record in old:
                self._state.forget(record)
            return expired + len(old)

    def _running(self, job_id: str, fence: int) -> JobRecord:
        record = self._state.jobs.get(job_id)
        if record is None or record.status is not JobStatus.PROCESSING or record.fence != fence:
            raise LeaseLost(f"this delivery of job {job_id!r} is no longer the current one")
        return record

    def _refresh(self) -> int:
        now = self._clock.milliseconds()
        self._state.refresh(now)
        return now


def _matches(record: JobRecord, query: JobQuery, queues: Sequence[str]) -> bool:
    return (
        record.queue in queues
        and query.status in (None, record.status)
        and query.queue in (None, record.queue)
        and query.type in (None, record.message.envelope.type)
    )
