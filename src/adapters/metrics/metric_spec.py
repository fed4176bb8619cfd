"""MetricSpec: one metric's name, kind, labels and meaning; and `METRICS`, all that this package exposes.

`docs/metrics.md` is this table for people, and a test compares both with a live scrape. Names follow the Prometheus
conventions: base units, `_total` on counters (https://prometheus.io/docs/practices/naming/).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from .histogram import Histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Row = tuple[tuple[str, ...], "float | Histogram"]
"""The values of a series' labels, in the order of the spec's, and the series' value."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric: `name` without the prefix, its kind, its labels in order, and a sentence for people."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str

    @property
    def family_name(self) -> str:
        """The name that all samples of the metric begin with."""
        return self.name.removesuffix("_total")

    def family(self, prefix: str, rows: Iterable[Row] = ()) -> Metric:
        """What prometheus_client writes out; it is loaded by the first scrape."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        name = f"{prefix}_{self.name}"
        if self.kind == "histogram":
            histogram = HistogramMetricFamily(name, self.help, labels=self.labels)
            for labels, value in rows:
                if isinstance(value, Histogram):
                    buckets = [(_bound(bound), count) for bound, count in value.cumulative()]
                    histogram.add_metric(labels, buckets, value.sum)
            return histogram
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = make(name, self.help, labels=self.labels)
        for labels, value in rows:
            if not isinstance(value, Histogram):
                family.add_metric(labels, value)
        return family


def _bound(bound: float) -> str:
    return "+Inf" if bound == inf else repr(bound)


ENQUEUED = MetricSpec("enqueued_total", "counter", ("type", "priority", "queue"), "Jobs ever enqueued.")
QUEUE_SIZE = MetricSpec("queue_size", "gauge", ("queue", "priority"), "Jobs that wait and are due.")
QUEUE_SCHEDULED = MetricSpec("queue_scheduled", "gauge", ("queue",), "Jobs that wait for their time.")
QUEUE_RETRYING = MetricSpec("queue_retrying", "gauge", ("queue",), "Jobs that wait for their next try.")
QUEUE_PROCESSING = MetricSpec("queue_processing", "gauge", ("queue",), "Jobs that a worker runs now.")
QUEUE_FAILED = MetricSpec("queue_failed", "gauge", ("queue",), "Dead letters that are kept.")
QUEUE_PAUSED = MetricSpec("queue_paused", "gauge", ("queue",), "1 while the queue is paused.")
OLDEST_WAITING = MetricSpec(
    "oldest_waiting_seconds", "gauge", ("queue",), "How long the oldest waiting job has waited."
)
CIRCUIT_OPEN = MetricSpec(
    "circuit_open", "gauge", ("circuit",), "1 while a circuit is open or half-open, else 0."
)
PROCESSED = MetricSpec(
    "processed_total", "counter", ("type", "status"), "Runs that ended, by what came of them."
)
DURATION = MetricSpec("duration_seconds", "histogram", ("type",), "How long runs took.")
WAIT = MetricSpec("wait_seconds", "histogram", ("type",), "How long jobs waited from being due to their run.")
RETRIES = MetricSpec("retries_total", "counter", ("type",), "Failed runs that are followed by another.")
TIMEOUTS = MetricSpec(
    "timeouts_total", "counter", ("type",), "Runs stopped by their timeout or the job's deadline."
)
DEAD_LETTERS = MetricSpec(
    "dead_letters_total", "counter", ("type", "reason"), "Jobs that were dead-lettered."
)
ACTIVE_WORKERS = MetricSpec("active_workers", "gauge", (), "Slots of this process that run a job.")
WORKER_SLOTS = MetricSpec("worker_slots", "gauge", (), "Slots of this process.")
ZOMBIE_SLOTS = MetricSpec(
    "zombie_slots", "gauge", (), "Runs of this process that were given up and still go on."
)
LOST_LEASES = MetricSpec(
    "lost_leases_total", "counter", (), "Running jobs found to be no longer this worker's."
)
REFUSED_RESULTS = MetricSpec(
    "refused_results_total", "counter", (), "Results refused because another delivery is the current one."
)
REPAIRS = MetricSpec(
    "repairs_total", "counter", ("code",), "Broken relations in the store that this process repaired."
)
SCHEDULE_FIRED = MetricSpec(
    "schedule_fired_total", "counter", ("schedule",), "Jobs that recurring schedules made."
)
SCHEDULE_LATE = MetricSpec(
    "schedule_late_seconds",
    "histogram",
    (),
    "How long after they were due recurring schedules made their jobs.",
)
SCHEDULE_SKIPPED = MetricSpec(
    "schedule_skipped_total",
    "counter",
    ("schedule",),
    "Instants of recurring schedules that made no job because of another.",
)
SCHEDULE_MISSED = MetricSpec(
    "schedule_missed_total", "counter", ("schedule",), "Instants of recurring schedules found too late."
)
SCHEDULE_LAST_FIRED = MetricSpec(
    "schedule_last_fired_timestamp_seconds",
    "gauge",
    ("schedule",),
    "The latest instant at which a recurring schedule fired.",
)
SCHEDULE_NEXT_DUE = MetricSpec(
    "schedule_next_due_timestamp_seconds",
    "gauge",
    ("schedule",),
    "When a recurring schedule that is not paused is due next.",
)
REFUSED_OBSERVATIONS = MetricSpec(
    "refused_observations_total",
    "counter",
    (),
    "Business observations refused for their name, labels or value.",
)

METRICS = (
    ENQUEUED, QUEUE_SIZE, QUEUE_SCHEDULED, QUEUE_RETRYING, QUEUE_PROCESSING, QUEUE_FAILED, QUEUE_PAUSED, OLDEST_WAITING,
    CIRCUIT_OPEN, PROCESSED, DURATION, WAIT, RETRIES, TIMEOUTS, DEAD_LETTERS, ACTIVE_WORKERS, WORKER_SLOTS, ZOMBIE_SLOTS,
    LOST_LEASES, REFUSED_RESULTS, REPAIRS, REFUSED_OBSERVATIONS, SCHEDULE_FIRED, SCHEDULE_LATE, SCHEDULE_SKIPPED,
    SCHEDULE_MISSED, SCHEDULE_LAST_FIRED, SCHEDULE_NEXT_DUE,
)  # fmt: skip
