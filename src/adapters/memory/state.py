"""MemoryStore: the jobs and schedules that the adapters of one provider share."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

from ...domain.errors import IllegalTransition
from ...domain.status import JobStatus
from ...domain.transitions import JobEvent, next_status
from ...ports.delivery import Delivery
from ...ports.envelope import Message
from .circuit import Circuit
from .instants import milliseconds
from .kept_schedules import KeptSchedules
from .lease import Lease
from .record import JobRecord
from .timetable import Timetable
from .turns import Turns
from .waiters import Waiters
from .waiting_lines import WaitingLines


class MemoryStore:
    """What one provider keeps in memory, and the steps that keep it consistent: each job is in exactly one place.

    Everything but `lock` is touched with the lock held, and briefly: no method waits. Instants are milliseconds since
    1970, given by the caller's clock.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.jobs: dict[str, JobRecord] = {}
        self.completed: dict[str, JobRecord] = {}
        self.schedules = KeptSchedules()
        self.enqueued: Counter[tuple[str, str, str]] = Counter()
        self.paused: set[str] = set()
        self.lines = WaitingLines()
        self.turns = Turns()
        self.waiters = Waiters()
        self.leases: dict[str, Lease] = {}
        self.circuits: dict[str, Circuit] = {}
        self.taken_over: set[str] = set()
        self._census: Counter[tuple[str, JobStatus]] = Counter()
        self._holders: dict[str, str] = {}
        self._delayed = Timetable()
        self._expiring = Timetable()
        self._last_fence = 0

    def refresh(self, now: int) -> int:
        """Let jobs whose time has come wait in line, and forget those whose retention has ended; how many of these."""
        for job_id in self._delayed.pop_due(now):
            self.move(self.jobs[job_id], JobEvent.DUE, now)
        ended = self._expiring.pop_due(now)
        for job_id in ended:
            self.forget(self.jobs[job_id])
        return len(ended)

    def word(self) -> str:
        """Another one after a job came, ran or ended."""
        return f"{len(self.leases)} {self._last_fence} {sorted(self._census.items())}"

    def insert(self, message: Message, now: int) -> JobRecord:
        """Take in a job whose id and unique key are free."""
        record = JobRecord.of(message, now)
        self.jobs[record.job_id] = record
        self.hold_unique(record)
        self._settle_in(record, now)
        return record

    def move(
        self,
        record: JobRecord,
        event: JobEvent,
        now: int,
        *,
        reason: str | None = None,
        due: int | None = None,
        keep: timedelta | None = None,
    ) -> None:
        """Take one step of the table of transitions, from place to place; IllegalTransition changes nothing.

        `due` goes with steps that end in waiting for a time, `keep` with steps that end the job.
        """
        before = record.status
        record.apply(event, now, reason)
        self._leave(record, before)
        record.due = due
        at_head = event in (JobEvent.GIVEN_BACK, JobEvent.LEASE_EXPIRED, JobEvent.CRASHED)
        self._settle_in(record, now, at_head=at_head, keep=keep)

    def retry(self, record: JobRecord, now: int) -> None:
        """Let a failed or cancelled job wait anew; IllegalTransition, also where its unique key is held, changes nothing."""
        next_status(record.status, JobEvent.RETRIED)
        holder = self.holder(record.unique)
        if holder is not None:
            raise IllegalTransition(f"job {holder!r} holds the unique key {record.unique!r} by now")
        self.move(record, JobEvent.RETRIED, now)
        self.hold_unique(record)

    def reschedule(self, record: JobRecord, due: int, now: int) -> None:
        """Let a job wait for another time, or in line where that has come; IllegalTransition where it waits for none."""
        if not self._delayed.has(record.job_id):
            raise IllegalTransition(
                f"a {record.status} job cannot be moved or run now; only: retrying, scheduled"
            )
        record.moved = record.due = due
        self._delayed.add(record.job_id, due)
        self.waiters.notify(record.queue)
        self.refresh(now)

    def forget(self, record: JobRecord) -> None:
        """Remove a job with all that belongs to it."""
        self._leave(record, record.status)
        self._free_unique(record)
        self.schedules.tell_of_end(record.job_id)
        del self.jobs[record.job_id]

    def current(self, delivery: Delivery) -> JobRecord | None:
        """The job that this delivery runs, or None when it is not the job's current delivery."""
        record = self.jobs.get(delivery.job_id)
        is_current = record and record.status is JobStatus.PROCESSING and record.fence == delivery.fence
        return record if is_current else None

    def owned_by(self, worker_id: str) -> list[JobRecord]:
        """The jobs that this worker runs."""
        return [
            record
            for record in self.jobs.values()
            if record.status is JobStatus.PROCESSING and record.worker_id == worker_id
        ]

    def holder(self, unique: str | None) -> str | None:
        """The id of the unfinished job that holds the unique key."""
        return None if unique is None else self._holders.get(unique)

    def hold_unique(self, record: JobRecord) -> None:
        """Let the job hold its unique key, where it has one."""
        if record.unique is not None:
            self._holders[record.unique] = record.job_id

    def count(self, queue: str, status: JobStatus) -> int:
        """How many jobs of the queue have this status."""
        return self._census[queue, status]

    def census(self) -> dict[tuple[str, JobStatus], int]:
        """How many jobs of each queue and status are counted."""
        return dict(self._census)

    def holders(self) -> dict[str, str]:
        """Which job holds each unique key."""
        return dict(self._holders)

    def delayed(self) -> set[str]:
        """The ids of the jobs that wait for a time."""
        return self._delayed.ids()

    def put_right(self, now: int) -> None:
        """Put every job where its status says, and count anew. Who is in line keeps the place."""
        unfinished = [job for job in self.jobs.values() if not job.status.is_terminal]
        pending = {job.job_id for job in unfinished if job.status is JobStatus.PENDING}
        delayed = {job.job_id for job in unfinished if job.status.is_waiting} - pending
        self.lines.keep(pending)
        unlined = pending.difference(self.lines.ids())
        for job_id in self._delayed.ids() - delayed:
            self._delayed.remove(job_id)
        missing = delayed - self._delayed.ids()
        for job in unfinished:
            if job.job_id in unlined:
                self.lines.put(job)
                self.waiters.notify(job.queue)
            elif job.job_id in missing:
                self._delayed.add(job.job_id, job.due or now)
                self.waiters.notify(job.queue)
        keys = {job.job_id: job.unique for job in unfinished if job.unique is not None}
        first = {unique: job_id for job_id, unique in reversed(keys.items())}
        held = {unique: job_id for unique, job_id in self._holders.items() if keys.get(job_id) == unique}
        self._holders = first | held
        self._census = Counter((job.queue, job.status) for job in self.jobs.values())
        completed = [job for job in self.jobs.values() if job.status is JobStatus.COMPLETED]
        self.completed = {job.job_id: job for job in sorted(completed, key=lambda job: job.finished or 0)}

    def next_fence(self, microseconds: int) -> int:
        """A fence above all before; it follows the clock, so that it also grows over a restart."""
        self._last_fence = max(self._last_fence + 1, microseconds)
        return self._last_fence

    def next_due(self) -> int | None:
        """When the next job that waits for a time becomes due."""
        return self._delayed.next()

    def _settle_in(
        self, record: JobRecord, now: int, *, at_head: bool = False, keep: timedelta | None = None
    ) -> None:
        self._census[record.queue, record.status] += 1
        if record.status is JobStatus.PENDING:
            if not at_head:
                record.waiting_since = now
            self.lines.put(record, at_head=at_head)
        elif record.status.is_waiting:
            self._delayed.add(record.job_id, record.due or now)
        elif record.status.is_terminal:
            self._free_unique(record)
            self.schedules.tell_of_end(record.job_id)
            if record.status is JobStatus.COMPLETED:
                self.completed[record.job_id] = record
            if keep is not None:
                self._expiring.add(record.job_id, now + milliseconds(keep))
        if record.status.is_waiting:
            self.waiters.notify(record.queue)

    def _leave(self, record: JobRecord, status: JobStatus) -> None:
        self._census[record.queue, status] -= 1
        if not self._census[record.queue, status]:
            del self._census[record.queue, status]
        if status is JobStatus.PENDING:
            self.lines.remove(record)
        self._delayed.remove(record.job_id)
        self._expiring.remove(record.job_id)
        self.completed.pop(record.job_id, None)

    def _free_unique(self, record: JobRecord) -> None:
        if record.unique is not None and self._holders.get(record.unique) == record.job_id:
            del self._holders[record.unique]
