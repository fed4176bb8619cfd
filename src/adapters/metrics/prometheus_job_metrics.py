"""PrometheusJobMetrics: counts and measures, and writes it out for Prometheus."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

import structlog

from ...domain.errors import InvalidConfiguration, Problem
from ...domain.names import is_job_type, is_name
from ...ports.circuits import CircuitState
from ...ports.delivery import QueueStats
from ...ports.process_figures import ProcessFigures
from ...ports.schedule_entry import ScheduleEntry
from .business_counters import BusinessCounters
from .figure_rows import figures_of, rows_of
from .label_limit import LabelLimit
from .metric_spec import (
    ACTIVE_WORKERS,
    LOST_LEASES,
    METRICS,
    REFUSED_OBSERVATIONS,
    REFUSED_RESULTS,
    REPAIRS,
    WORKER_SLOTS,
    ZOMBIE_SLOTS,
    MetricSpec,
    Row,
)
from .schedule_series import ScheduleSeries
from .store_wide_series import StoreWideSeries
from .type_series import TypeSeries, count_word

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

_log = structlog.get_logger("hexjobs.metrics")
MAX_SCHEDULES = 200
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


class PrometheusJobMetrics:
    """Counts in plain numbers and makes Prometheus series of them when somebody scrapes; safe to share between threads.

    It has a registry of its own, never prometheus_client's global one. That library is loaded by the first scrape: of the
    children of one worker a single one is scraped. Job types beyond `max_job_types` count as type
    `other`; those in `job_types`, the types that have a handler here, always keep their name. The store's figures
    vanish from the scrape when they were not read anew for `store_wide_max_age`: no figure is better than a wrong one,
    and dashboards take the maximum over all processes. Where `combine` is set, a scrape shows what it makes of this
    process's figures: those of several processes. InvalidConfiguration where the prefix cannot begin a metric name.
    """

    def __init__(
        self,
        prefix: str = "hexjobs",
        registry: CollectorRegistry | None = None,
        max_job_types: int = 200,
        *,
        job_types: Iterable[str] = (),
        store_wide_max_age: timedelta | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not _PREFIX.match(prefix):
            message = f"{prefix!r} must be 1 to 64 of lower-case letters, digits and _, with a letter first"
            raise InvalidConfiguration([Problem("jobs.metrics.prefix", message)])
        known = tuple(job_types)
        self._prefix = prefix
        self._monotonic = monotonic
        self._max_age = None if store_wide_max_age is None else store_wide_max_age.total_seconds()
        self._read_at = 0.0
        self._lock = RLock()  # a finalizer may observe while its own thread is inside
        self._labels = LabelLimit(max_job_types, is_job_type, known)
        self._store_wide = StoreWideSeries(self._labels, LabelLimit(1000, is_name))
        self._schedules = ScheduleSeries(LabelLimit(MAX_SCHEDULES, is_name))
        self._business = BusinessCounters()
        self._types = {job_type: TypeSeries(job_type) for job_type in known}
        self._repairs: dict[str, int] = {}
        self._lost = self._refused = self._busy = self._slots = self._zombies = 0
        self.combine: Callable[[ProcessFigures], ProcessFigures] | None = None
        if registry is not None:
            self.registry = registry
            registry.register(self)

    @cached_property
    def registry(self) -> CollectorRegistry:
        """Where this collector is registered, to be scraped."""
        from prometheus_client import CollectorRegistry

        own = CollectorRegistry()
        own.register(self)
        return own

    def job_started(self, job_type: str, queue: str, waited_seconds: float) -> None:  # noqa: ARG002  # the port's
        """A run began, this long after the job became due."""
        series = self._types.get(job_type) or self._admit(job_type)
        with self._lock:
            series.waits.observe(waited_seconds)

    def job_processed(self, job_type: str, status: str, seconds: float) -> None:
        """A run ended as `status`, after so many seconds."""
        series = self._types.get(job_type) or self._admit(job_type)
        with self._lock:
            count_word(series.processed, status)
            series.durations.observe(seconds)

    def job_retried(self, job_type: str) -> None:
        """A failed run will be followed by another."""
        series = self._types.get(job_type) or self._admit(job_type)
        with self._lock:
            series.retries += 1

    def job_dead(self, job_type: str, reason: str) -> None:
        """A job was dead-lettered."""
        series = self._types.get(job_type) or self._admit(job_type)
        with self._lock:
            count_word(series.dead, reason)

    def run_timed_out(self, job_type: str) -> None:
        """A run was stopped because its timeout or the job's deadline passed."""
        series = self._types.get(job_type) or self._admit(job_type)
        with self._lock:
            series.timeouts += 1

    def result_refused(self, job_type: str) -> None:  # noqa: ARG002  # the port's; the log names the job
        """A settlement was refused because its delivery is no longer the current one."""
        with self._lock:
            self._refused += 1

    def lease_lost(self, job_type: str) -> None:  # noqa: ARG002  # the port's; the log names the job
        """A running delivery was found to be no longer ours."""
        with self._lock:
            self._lost += 1

    def store_repaired(self, code: str, count: int) -> None:
        """So many broken relations of one kind were found in the store and repaired."""
        with self._lock:
            count_word(self._repairs, code, count)

    def set_slots(self, busy: int, total: int) -> None:
        """How many slots of this process run a job, and how many there are."""
        self._busy, self._slots = busy, total

    def set_zombies(self, count: int) -> None:
        """How many runs of this process were given up and still go on."""
        self._zombies = count

    def set_store_wide(
        self, queues: Sequence[QueueStats], enqueued: Mapping[tuple[str, str, str], int]
    ) -> None:
        """The store's own figures as just read: sizes, and enqueued jobs by (type, priority, queue)."""
        with self._lock:
            self._store_wide.read(queues, enqueued)
            self._read_at = self._monotonic()

    def set_circuits(self, states: Mapping[str, CircuitState]) -> None:
        """The states of the circuits as just read, by name."""
        with self._lock:
            self._store_wide.read_circuits(states)

    def schedule_fired(self, schedule: str, late_seconds: float) -> None:
        """A recurring schedule made a job, this long after it was due."""
        with self._lock:
            self._schedules.fired(schedule, late_seconds)

    def schedule_skipped(self, schedule: str) -> None:
        """An instant made no job, because another one was in its way."""
        with self._lock:
            self._schedules.skipped(schedule)

    def schedule_missed(self, schedule: str, count: int) -> None:
        """So many instants were found too late."""
        with self._lock:
            self._schedules.missed(schedule, count)

    def set_schedules(self, entries: Sequence[ScheduleEntry]) -> None:
        """The schedules as just read."""
        with self._lock:
            self._schedules.read(entries)

    def observe(self, name: str, value: float, labels: Mapping[str, str] = {}) -> None:
        """Add `value` to the counter `{prefix}_{name}_total`; what cannot be counted is refused, logged, and counted."""
        with self._lock:
            problem = self._business.observe(name, value, labels)
        if problem:
            _log.warning("observation_refused", name=str(name)[:100], problem=problem)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The series as they are now, and their content type; see `written_out`."""
        from .written_out import written_out

        return written_out(self.registry, accept)

    def describe(self) -> Iterator[Metric]:
        """The families without samples; the registry refuses a second collector of the same names by them."""
        return (spec.family(self._prefix) for spec in METRICS)

    def collect(self) -> Iterator[Metric]:
        """The families with their samples; called by the registry when somebody scrapes."""
        rows: dict[MetricSpec, list[Row]] = {spec: [] for spec in METRICS}
        with self._lock:
            store_wide, own = list(self._store_wide_rows()), list(self._own_rows())
        if self.combine is not None:
            own = list(rows_of(self.combine(figures_of(own))))
        for spec, row in (*store_wide, *own):
            rows.setdefault(spec, []).append(row)
        return (spec.family(self._prefix, found) for spec, found in rows.items())

    def _store_wide_rows(self) -> Iterator[tuple[MetricSpec, Row]]:
        if self._max_age is not None and self._monotonic() - self._read_at > self._max_age:
            self._store_wide.clear()
            self._schedules.clear()
        yield from self._store_wide.rows
        yield from self._store_wide.circuit_rows
        yield from self._schedules.store_wide_rows

    def figures(self) -> ProcessFigures:
        """What this process counted and measured itself, without the store's figures."""
        with self._lock:
            return figures_of(self._own_rows())

    def _own_rows(self) -> Iterator[tuple[MetricSpec, Row]]:
        for series in self._types.values():
            yield from series.rows()
        yield ACTIVE_WORKERS, ((), self._busy)
        yield WORKER_SLOTS, ((), self._slots)
        yield ZOMBIE_SLOTS, ((), self._zombies)
        yield LOST_LEASES, ((), self._lost)
        yield REFUSED_RESULTS, ((), self._refused)
        for code, count in self._repairs.items():
            yield REPAIRS, ((code,), count)
        yield from self._schedules.rows()
        yield REFUSED_OBSERVATIONS, ((), self._business.refused)
        for spec, rows in self._business.rows():
            yield from ((spec, row) for row in rows)

    def _admit(self, job_type: str) -> TypeSeries:
        with self._lock:
            label = self._labels.label(job_type)
            series = self._types.get(label)
            if series is None:
                series = self._types[label] = TypeSeries(label)
            return series
