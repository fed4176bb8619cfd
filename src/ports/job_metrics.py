"""JobMetrics: what is counted and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .delivery import QueueStats


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

    def result_refused(self, job_type: str) -> None:
        """A settlement was refused because its delivery is no longer the current one."""
        ...

    def lease_lost(self, job_type: str) -> None:
        """A running delivery was found to be no longer ours."""
        ...

    def set_slots(self, busy: int, total: int) -> None:
        """How many slots of this process run a job, and how many there are."""
        ...

    def set_store_wide(
        self, queues: Sequence[QueueStats], enqueued: Mapping[tuple[str, str, str], int]
    ) -> None:
        """Take the store's own figures: sizes, and enqueued jobs by (type, priority, queue).

        One role reads them every `collection_interval`.
        """
        ...

    def observe(self, name: str, value: float, labels: Mapping[str, str] = {}) -> None:
        """A business metric of a handler or observer: a counter `{prefix}_{name}_total` grows by `value`."""
        ...
