"""MemoryDeadLetters: the DeadLetters port in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...domain.errors import IllegalTransition
from ...domain.status import JobStatus
from ...ports.clock import Clock
from ...ports.dead_letter_answer import DeadLetterAnswer
from ...ports.dead_letters import DeadLetterQuery
from .record import JobRecord
from .state import MemoryStore


class MemoryDeadLetters:
    """Acts on the dead letters of a MemoryStore, from any thread; no method ever suspends."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def select(self, query: DeadLetterQuery, queues: Sequence[str]) -> list[str]:
        """The ids of the dead letters that match, of these queues, the first that died first."""
        with self._state.lock:
            self._refresh()
            dead = [
                record
                for record in self._state.jobs.values()
                if record.status is JobStatus.FAILED and record.queue in queues and _matches(record, query)
            ]
            return [record.job_id for record in sorted(dead, key=lambda record: record.finished or 0)]

    async def retry(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Put dead letters at the tail of their levels with their attempts at zero; one answer per id."""
        return self._each(job_ids, self._state.retry)

    async def delete(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Forget dead letters; one answer per id."""
        return self._each(job_ids, lambda record, _: self._state.forget(record))

    def _each(self, job_ids: Sequence[str], act: Callable[[JobRecord, int], None]) -> list[DeadLetterAnswer]:
        with self._state.lock:
            now = self._refresh()
            return [self._answer(self._state.jobs.get(job_id), act, now) for job_id in job_ids]

    @staticmethod
    def _answer(
        record: JobRecord | None, act: Callable[[JobRecord, int], None], now: int
    ) -> DeadLetterAnswer:
        if record is None:
            return DeadLetterAnswer.NOT_FOUND
        if record.status is not JobStatus.FAILED:
            return DeadLetterAnswer.NOT_DEAD
        try:
            act(record, now)
        except IllegalTransition:  # a dead letter is kept from another run by its unique key alone
            return DeadLetterAnswer.UNIQUE_KEY_HELD
        return DeadLetterAnswer.DONE

    def _refresh(self) -> int:
        now = self._clock.milliseconds()
        self._state.refresh(now)
        return now


def _matches(record: JobRecord, query: DeadLetterQuery) -> bool:
    return (
        query.queue in (None, record.queue)
        and query.type in (None, record.message.envelope.type)
        and (query.died_before is None or (record.finished or 0) < query.died_before)
    )
