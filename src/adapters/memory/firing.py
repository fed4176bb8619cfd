"""Firing: what becomes of the instants of schedules, and of their jobs."""

from __future__ import annotations

from ...domain.recurrence.overlap_policy import OverlapPolicy
from ...ports.envelope import Message
from ...ports.schedule_ledger import FireOutcome, Released
from .admission import Admission
from .schedule_record import ScheduleRecord
from .state import MemoryStore

_LOOKS_AT_JOBS = (OverlapPolicy.SKIP, OverlapPolicy.QUEUE_ONE)


class Firing:
    """Makes the jobs of schedules in a store whose lock is held, and notes what became of their instants."""

    def __init__(self, state: MemoryStore, now: int) -> None:
        self.now = now
        self._state = state
        self._admission = Admission(state, {}, now)

    def fire(self, record: ScheduleRecord, instant: int, message: Message, overlap: str) -> FireOutcome:
        """Make the job of a claimed instant, or let it wait, or skip it."""
        in_the_way = self._in_the_way(record, message, overlap)
        if in_the_way is None:
            return self._make(record, instant, message)
        outcome = FireOutcome.SKIPPED
        if overlap == OverlapPolicy.QUEUE_ONE and record.queued is None:
            record.queued_instant, record.queued = instant, message
            outcome = FireOutcome.QUEUED
        record.note(instant, outcome, self.now, in_the_way)
        return outcome

    def release_queued(self) -> list[Released]:
        """Make the jobs of all instants that waited for jobs which have ended; those of paused schedules wait on."""
        released = []
        for name, record in sorted(self._state.schedules.records.items()):
            message = record.queued
            if message is None or record.paused_by or self.unended(record):
                continue
            record.queued = None
            if self._make(record, record.queued_instant, message) is FireOutcome.FIRED:
                released.append(Released(name, record.queued_instant, message.job_id))
        return released

    def trigger(self, record: ScheduleRecord, message: Message) -> str:
        """Make a job beside the timetable; its id, or that of the job that holds its unique key."""
        answer = self._admission.admit(message)
        record.note(self.now, "triggered", self.now, answer.job_id)
        return answer.job_id

    def unended(self, record: ScheduleRecord) -> list[str]:
        """The jobs of its latest fires that have not ended, the earliest first."""
        jobs = self._state.jobs
        return [
            job_id for job_id in record.ledger.fires if job_id in jobs and not jobs[job_id].status.is_terminal
        ]

    def _in_the_way(self, record: ScheduleRecord, message: Message, overlap: str) -> str | None:
        if overlap not in _LOOKS_AT_JOBS or message.job_id in self._state.jobs:
            return None
        if overlap == OverlapPolicy.QUEUE_ONE and record.queued is not None:
            return record.queued.job_id
        return next(iter(self.unended(record)), None)

    def _make(self, record: ScheduleRecord, instant: int, message: Message) -> FireOutcome:
        job_id = self._admission.admit(message).job_id
        # Another id is that of a job that holds the unique key; a job that has this id already is the instant's own.
        outcome = FireOutcome.FIRED if job_id == message.job_id else FireOutcome.SKIPPED
        record.note(instant, outcome, self.now, job_id)
        return outcome
