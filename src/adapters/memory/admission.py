"""Admission: whether a message may come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...domain.errors import JobError, JobIdConflict, QueueFull
from ...domain.status import JobStatus
from ...ports.delivery import EnqueueResult
from ...ports.envelope import Message
from .state import MemoryStore


class Admission:
    """Takes messages into a store whose lock is held: answered by an existing job, refused by a cap, or stored."""

    def __init__(self, state: MemoryStore, caps: Mapping[str, int], now: int) -> None:
        self._state = state
        self._caps = caps
        self._now = now

    def admit(self, message: Message) -> EnqueueResult:
        """The answer for one message; it is stored where the answer is new."""
        state, envelope = self._state, message.envelope
        existing = state.jobs.get(message.job_id)
        if existing is not None:
            error = None if existing.is_as(message) else JobIdConflict(message.job_id)
            return EnqueueResult(message.job_id, is_new=False, error=error)
        holder = state.holder(envelope.unique)
        if holder is not None:
            return EnqueueResult(holder, is_new=False)
        cap = self._caps.get(envelope.queue)
        if cap is not None and self._held(envelope.queue) >= cap:
            return EnqueueResult(message.job_id, is_new=False, error=QueueFull(envelope.queue, cap))
        state.insert(message, self._now)
        state.enqueued[envelope.type, envelope.priority, envelope.queue] += 1
        return EnqueueResult(message.job_id)

    def admit_all(self, messages: Sequence[Message]) -> list[EnqueueResult]:
        """The answers for all messages; the first error keeps all out and answers for each that would be new."""
        answers = [self.admit(message) for message in messages]
        error = next((answer.error for answer in answers if answer.error), None)
        if error is None:
            return answers
        for answer in answers:
            if answer.is_new:
                self._take_back(answer.job_id)
        return [_refused(answer, error) for answer in answers]

    def _held(self, queue: str) -> int:
        return self._state.count(queue, JobStatus.PENDING) + self._state.count(queue, JobStatus.SCHEDULED)

    def _take_back(self, job_id: str) -> None:
        record = self._state.jobs[job_id]
        envelope = record.message.envelope
        self._state.forget(record)
        self._state.enqueued[envelope.type, envelope.priority, envelope.queue] -= 1


def _refused(answer: EnqueueResult, error: JobError) -> EnqueueResult:
    return EnqueueResult(answer.job_id, is_new=False, error=error) if answer.is_new else answer
