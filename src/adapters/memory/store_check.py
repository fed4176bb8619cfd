"""MemoryStoreCheck: the StoreCheck port in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from ...domain.status import JobStatus
from ...domain.transitions import JobEvent
from ...ports.clock import Clock
from ...ports.store_check import Finding, Pause, StoreReport
from .record import JobRecord
from .state import MemoryStore

Row = tuple[str, str, str, str | None]
DELAYED = (JobStatus.SCHEDULED, JobStatus.RETRYING)


class MemoryStoreCheck:
    """Checks that what a MemoryStore keeps in several places agrees; looks at all of it at once."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._reconciler = ("", 0.0)

    async def check(self, *, repair: bool = False, pause: Pause | None = None) -> StoreReport:  # noqa: ARG002  # the port's
        """Check every relation, both ways; with `repair` put everything right."""
        state = self._state
        with state.lock:
            now = self._clock.milliseconds()
            state.refresh(now)
            rows = [*self._lost_jobs(), *self._places(), *self._counts()]
            if repair and rows:
                state.put_right(now)
                for record in list(state.jobs.values()):
                    if record.status is JobStatus.PROCESSING and record.worker_id not in state.leases:
                        self._give_back(record, now)
            looked_at = {
                "jobs": len(state.jobs),
                "workers": len(state.leases),
                "schedules": len(state.schedules.records),
            }
        findings = [Finding(code, where, text, job_id, repair) for code, where, text, job_id in rows]
        counts = Counter(finding.code for finding in findings)
        return StoreReport(findings, dict(counts), 0 if repair else len(findings), looked_at)

    async def claim(self, who: str, life: timedelta) -> str | None:
        """See `StoreCheck.claim`."""
        with self._state.lock:
            now = self._clock.monotonic()
            holder, until = self._reconciler
            if holder not in ("", who) and now < until:
                return None
            self._reconciler = (who, now + life.total_seconds())
            return self._state.word()

    def _give_back(self, record: JobRecord, now: int) -> None:
        if record.cancel_requested:
            self._state.move(record, JobEvent.CANCELLED, now, keep=record.cancel_keep)
        else:
            self._state.move(record, JobEvent.LEASE_EXPIRED, now, reason=JobEvent.LEASE_EXPIRED.value)

    def _lost_jobs(self) -> Iterator[Row]:
        state = self._state
        lines = Counter(state.lines.ids())
        delayed = state.delayed()
        for job_id, record in state.jobs.items():
            if record.status is JobStatus.PENDING and not lines[job_id]:
                yield "not_queued", "lines", "it is pending, and in no line", job_id
            if record.status is JobStatus.PENDING and lines[job_id] > 1:
                yield "queued_twice", "lines", "it waits twice", job_id
            if record.status in DELAYED and job_id not in delayed:
                yield "not_delayed", "delayed", f"it is {record.status}, and waits for no time", job_id
            if record.status is JobStatus.COMPLETED and job_id not in state.completed:
                yield "not_indexed", "completed", "it is completed, and not listed among these", job_id
            if record.status is JobStatus.PROCESSING and record.worker_id not in state.leases:
                yield "worker_unknown", f"{record.worker_id}", "its worker is unknown", job_id

    def _places(self) -> Iterator[Row]:
        state = self._state
        for where, ids, fitting in (
            ("lines", state.lines.ids(), (JobStatus.PENDING,)),
            ("delayed", sorted(state.delayed()), DELAYED),
            ("completed", list(state.completed), (JobStatus.COMPLETED,)),
        ):
            for job_id in ids:
                record = state.jobs.get(job_id)
                if record is None or record.status not in fitting:
                    status = "gone" if record is None else record.status.value
                    yield "misplaced", where, f"it is {status}, which does not fit this place", job_id

    def _counts(self) -> Iterator[Row]:
        state = self._state
        holders = state.holders()
        unfinished = {job_id: job for job_id, job in state.jobs.items() if not job.status.is_terminal}
        for unique, holder in holders.items():
            if holder not in unfinished or unfinished[holder].unique != unique:
                yield (
                    "unique_stale",
                    unique,
                    "this unique key is held by a job that has ended or is gone",
                    holder,
                )
        for job_id, record in unfinished.items():
            if record.unique is not None and holders.get(record.unique) not in unfinished:
                yield "unique_missing", record.unique, "its unique key is not held", job_id
        census, there = state.census(), Counter((job.queue, job.status) for job in state.jobs.values())
        for queue, status in sorted(census.keys() | there.keys()):
            told, number = census.get((queue, status), 0), there[queue, status]
            if told != number:
                text = f"the counter says {told} for {status}:{queue}, and there are {number}"
                yield "count_wrong", queue, text, None
