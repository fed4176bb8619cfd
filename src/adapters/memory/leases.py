"""MemoryLeases: the Leases port in memory."""

from __future__ import annotations

from ...domain.errors import LeaseLost
from ...domain.status import JobStatus
from ...domain.transitions import JobEvent
from ...ports.clock import Clock
from ...ports.leases import Recovered, WorkerFacts, WorkerStatus
from .lease import Lease
from .record import JobRecord
from .state import MemoryStore


class MemoryLeases:
    """Leases of the workers of a MemoryStore, which die only where somebody says so: they share one process."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def beat(self, worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        """Count one beat of this worker; the beat of every worker, by id."""
        with self._state.lock:
            if facts is not None:
                self._state.leases.setdefault(worker_id, Lease()).facts = facts
            lease = self._state.leases.get(worker_id)
            if lease is None:
                raise LeaseLost(f"the lease of worker {worker_id!r} is gone: its jobs were given back")
            lease.beat(self._now())
            return {known: each.text for known, each in self._state.leases.items()}

    async def take_over(self, worker_id: str, beat: str | None) -> list[Recovered] | None:
        """Give back all jobs of a dead worker and end its lease; None, and nothing changes, when it is alive."""
        with self._state.lock:
            lease = self._state.leases.get(worker_id)
            if beat is not None and beat != ("" if lease is None else lease.text):
                return None
            self._state.leases.pop(worker_id, None)
            self._state.taken_over.add(worker_id)
            now = self._now()
            owned = sorted(self._state.owned_by(worker_id), key=lambda record: -record.fence)
            return [self._recover(record, now) for record in owned]

    async def workers(self) -> list[WorkerStatus]:
        """Every worker that has joined and not left, by id."""
        with self._state.lock:
            return [
                WorkerStatus(
                    worker_id=worker_id,
                    facts=lease.facts,
                    beat=lease.text,
                    seen=lease.seen,
                    processing=len(self._state.owned_by(worker_id)),
                )
                for worker_id, lease in sorted(self._state.leases.items())
            ]

    def _recover(self, record: JobRecord, now: int) -> Recovered:
        if record.cancel_requested:
            self._state.move(record, JobEvent.CANCELLED, now, keep=record.cancel_keep)
            record.crashes += 1
        else:
            self._state.move(record, JobEvent.LEASE_EXPIRED, now, reason=JobEvent.LEASE_EXPIRED.value)
        cancelled = record.status is JobStatus.CANCELLED
        return Recovered(record.job_id, record.message.data, record.crashes, cancelled)

    def _now(self) -> int:
        return self._clock.milliseconds()
