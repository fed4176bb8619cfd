"""NoJobMetrics: for when metrics are switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ports.circuits import CircuitState
from ...ports.delivery import QueueStats
from ...ports.schedule_entry import ScheduleEntry


class NoJobMetrics:
    """Takes every figure and keeps none."""

    def job_started(self, job_type: str, queue: str, waited_seconds: float) -> None:
        """Nothing."""

    def job_processed(self, job_type: str, status: str, seconds: float) -> None:
        """Nothing."""

    def job_retried(self, job_type: str) -> None:
        """Nothing."""

    def job_dead(self, job_type: str, reason: str) -> None:
        """Nothing."""

    def run_timed_out(self, job_type: str) -> None:
        """Nothing."""

    def result_refused(self, job_type: str) -> None:
        """Nothing."""

    def lease_lost(self, job_type: str) -> None:
        """Nothing."""

    def store_repaired(self, code: str, count: int) -> None:
        """Nothing."""

    def set_slots(self, busy: int, total: int) -> None:
        """Nothing."""

    def set_zombies(self, count: int) -> None:
        """Nothing."""

    def set_store_wide(
        self, queues: Sequence[QueueStats], enqueued: Mapping[tuple[str, str, str], int]
    ) -> None:
        """Nothing."""

    def set_circuits(self, states: Mapping[str, CircuitState]) -> None:
        """Nothing."""

    def schedule_fired(self, schedule: str, late_seconds: float) -> None:
        """Nothing."""

    def schedule_skipped(self, schedule: str) -> None:
        """Nothing."""

    def schedule_missed(self, schedule: str, count: int) -> None:
        """Nothing."""

    def set_schedules(self, entries: Sequence[ScheduleEntry]) -> None:
        """Nothing."""

    def observe(self, name: str, value: float, labels: Mapping[str, str] = {}) -> None:
        """Nothing."""
