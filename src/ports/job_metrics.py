"""JobMetrics: what is counted and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .circuits import CircuitState
from .delivery import QueueStats
from .schedule_entry import ScheduleEntry


class JobMetrics(Protocol):
    """What is counted and measured. No method blocks or raises: a job never suffers from its measuring."""

    def job_started(self, job_type: str, queue: str, waited_seconds: float) -> None:
        """A run began, this long after the job became due."""
        ...

    def job_processed(self, job_type: str, status: str, seconds: float) -> None:
        """A run ended; `status` is `completed`, `failed`, `retrying`, `cancelled`, `scheduled` or `pending`."""
        ...

    def job_retried(self, job_type: str) -> None:
        """A failed run will be followed by another."""
        ...

    def job_dead(self, job_type: str, reason: str) -> None:
        """A job was dead-lettered."""
        ...

    def run_timed_out(self, job_type: str) -> None:
        """A run was stopped because its timeout or the job's deadline passed."""
        ...

    def result_refused(self, job_type: str) -> None:
        """A settlement, or the record of an effect, was refused because its delivery is no longer the current one."""
        ...

    def lease_lost(self, job_type: str) -> None:
        """A running delivery was found to be no longer ours."""
        ...

    def store_repaired(self, code: str, count: int) -> None:
        """So many broken relations of one kind were found in the store and repaired; `code` is that of the findings."""
        ...

    def set_slots(self, busy: int, total: int) -> None:
        """How many slots of this process run a job, and how many there are."""
        ...

    def set_zombies(self, count: int) -> None:
        """How many runs of this process were given up and still go on."""
        ...

    def set_store_wide(
        self, queues: Sequence[QueueStats], enqueued: Mapping[tuple[str, str, str], int]
    ) -> None:
        """Take the store's own figures: sizes, and enqueued jobs by (type, priority, queue).

        One role reads them every `collection_interval`.
        """
        ...

    def set_circuits(self, states: Mapping[str, CircuitState]) -> None:
        """Take the states of the circuits by name, as the store has them; read with the store's own figures."""
        ...

    def schedule_fired(self, schedule: str, late_seconds: float) -> None:
        """A recurring schedule made a job, this long after it was due by the store's clock."""
        ...

    def schedule_skipped(self, schedule: str) -> None:
        """An instant of a schedule made no job, because another one was in its way."""
        ...

    def schedule_missed(self, schedule: str, count: int) -> None:
        """So many instants of a schedule were found too late, and made no job."""
        ...

    def set_schedules(self, entries: Sequence[ScheduleEntry]) -> None:
        """Take the schedules as the store has them, all of them; read with the store's own figures."""
        ...

    def observe(self, name: str, value: float, labels: Mapping[str, str] = {}) -> None:
        """A business metric of a handler or observer: a counter `{prefix}_{name}_total` grows by `value`."""
        ...
