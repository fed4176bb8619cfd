"""StoreWideSeries: the store's own figures, as they were last read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...domain.priority import HIGHEST_FIRST
from ...ports.circuits import CircuitState
from ...ports.delivery import QueueStats
from .label_limit import OTHER, LabelLimit
from .metric_spec import (
    CIRCUIT_OPEN,
    ENQUEUED,
    OLDEST_WAITING,
    QUEUE_FAILED,
    QUEUE_PAUSED,
    QUEUE_PROCESSING,
    QUEUE_RETRYING,
    QUEUE_SCHEDULED,
    QUEUE_SIZE,
    MetricSpec,
    Row,
)

_LEVELS = frozenset(level.word for level in HIGHEST_FIRST)


class StoreWideSeries:
    """The store's own figures, as they were last read, with bounded labels. A reading replaces the one before."""

    def __init__(self, job_types: LabelLimit, queues: LabelLimit) -> None:
        self._job_types = job_types
        self._queues = queues
        self.rows: tuple[tuple[MetricSpec, Row], ...] = ()
        self.circuit_rows: tuple[tuple[MetricSpec, Row], ...] = ()

    def clear(self) -> None:
        """Forget the reading."""
        self.rows = self.circuit_rows = ()

    def read_circuits(self, states: Mapping[str, CircuitState]) -> None:
        """Take over the states of the circuits: their names are those of the configuration and of handlers."""
        self.circuit_rows = tuple(
            (CIRCUIT_OPEN, ((name,), int(state is not CircuitState.CLOSED))) for name, state in states.items()
        )

    def read(self, queues: Sequence[QueueStats], enqueued: Mapping[tuple[str, str, str], int]) -> None:
        """Take over a reading."""
        rows: list[tuple[MetricSpec, Row]] = []
        for stats in queues:
            rows += self._queue_rows(stats)
        for labels, count in self._fold(enqueued).items():
            rows.append((ENQUEUED, (labels, count)))
        self.rows = tuple(rows)

    def _queue_rows(self, stats: QueueStats) -> list[tuple[MetricSpec, Row]]:
        name = self._queues.label(stats.name)
        if name != stats.name:  # a sum of gauges of unknown queues helps nobody
            return []
        rows: list[tuple[MetricSpec, Row]] = [
            (QUEUE_SIZE, ((name, level), size))
            for level, size in stats.by_priority.items()
            if level in _LEVELS
        ]
        rows += [
            (QUEUE_SCHEDULED, ((name,), stats.scheduled)),
            (QUEUE_RETRYING, ((name,), stats.retrying)),
            (QUEUE_PROCESSING, ((name,), stats.processing)),
            (QUEUE_FAILED, ((name,), stats.failed)),
            (QUEUE_PAUSED, ((name,), int(stats.paused))),
        ]
        # Nothing waits: zero. Something waits and the adapter cannot tell for how long: no figure.
        oldest = 0.0 if not stats.waiting else stats.oldest_waiting_seconds
        if oldest is not None:
            rows.append((OLDEST_WAITING, ((name,), oldest)))
        return rows

    def _fold(self, enqueued: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str, str], int]:
        items = list(enqueued.items())
        if not self._job_types.is_full:  # the most frequent types get the room that is left
            items.sort(key=lambda item: -item[1])
        folded: dict[tuple[str, str, str], int] = {}
        for (job_type, priority, queue), count in items:
            level = priority if priority in _LEVELS else OTHER
            labels = (self._job_types.label(job_type), level, self._queues.label(queue))
            folded[labels] = folded.get(labels, 0) + count
        return folded
