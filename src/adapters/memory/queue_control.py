"""MemoryQueueControl: the QueueControl port in memory."""

from __future__ import annotations

from ...domain.status import JobStatus
from ...ports.clock import Clock
from .state import MemoryStore

_REMOVED_BY_A_PURGE = (JobStatus.PENDING, JobStatus.SCHEDULED, JobStatus.RETRYING)


class MemoryQueueControl:
    """Pauses, resumes and empties the queues of a MemoryStore, from any thread; no method ever suspends."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def pause(self, queue: str) -> bool:
        """Hand out no more jobs of this queue; False when it was paused already."""
        with self._state.lock:
            was_paused = queue in self._state.paused
            self._state.paused.add(queue)
            return not was_paused

    async def resume(self, queue: str) -> bool:
        """Hand out the queue's jobs again, and wake workers that wait for them; False when it was not paused."""
        with self._state.lock:
            was_paused = queue in self._state.paused
            self._state.paused.discard(queue)
            if was_paused:
                self._state.waiters.notify(queue)
            return was_paused

    async def purge(self, queue: str) -> int:
        """Forget all jobs of the queue that wait, are scheduled or retrying; the number of jobs removed."""
        with self._state.lock:
            self._state.refresh(self._clock.milliseconds())
            waiting = [
                record
                for record in self._state.jobs.values()
                if record.queue == queue and record.status in _REMOVED_BY_A_PURGE
            ]
            for record in waiting:
                self._state.forget(record)
            return len(waiting)
