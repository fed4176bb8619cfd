"""What is counted of schedules, and what the store says of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from hexjobs.adapters.metrics.prometheus_job_metrics import MAX_SCHEDULES, PrometheusJobMetrics
from hexjobs.ports.process_figures import ProcessFigures
from hexjobs.ports.schedule_entry import ScheduleEntry


def value(metrics: PrometheusJobMetrics, name: str, **labels: str) -> float | None:
    """A sample of a scrape."""
    return metrics.registry.get_sample_value(f"hexjobs_schedule_{name}", labels)


def entry(name: str, **fields: Any) -> ScheduleEntry:
    """A schedule as a store has it."""
    return ScheduleEntry(name=name, envelope=msgspec.Raw(b"{}"), **fields)


def test_fires_skips_and_misses_are_counted_by_schedule_and_lateness_for_all() -> None:
    """The three counters of a schedule begin together, so that a first one has a rate."""
    metrics = PrometheusJobMetrics()
    assert value(metrics, "late_seconds_count") is None
    metrics.schedule_fired("a", 0.2)
    metrics.schedule_fired("a", -1)
    metrics.schedule_fired("b", 70)
    metrics.schedule_skipped("b")
    metrics.schedule_missed("c", 5)
    metrics.schedule_missed("c", 2)
    counts = {
        name: [value(metrics, f"{word}_total", schedule=name) for word in ("fired", "skipped", "missed")]
        for name in "abc"
    }
    assert counts == {"a": [2, 0, 0], "b": [1, 1, 0], "c": [0, 0, 7]}
    assert value(metrics, "late_seconds_count") == 3
    assert value(metrics, "late_seconds_sum") == 70.2
    assert value(metrics, "late_seconds_bucket", le="0.25") == 2


def test_the_last_and_next_instants_are_those_of_the_latest_reading() -> None:
    """A reading replaces the one before; what a schedule does not have is absent, not zero."""
    metrics = PrometheusJobMetrics()
    fired = {"last_fired": 1_500, "next_due": 61_250}
    metrics.set_schedules([entry("gone", **fired)])
    metrics.set_schedules(
        [
            entry("a", **fired),
            entry("new", next_due=2_000),
            entry("over", last_fired=3_000),
            entry("p", **fired, paused_by="hand"),
        ]
    )
    last = {
        name: value(metrics, "last_fired_timestamp_seconds", schedule=name)
        for name in ("gone", "a", "new", "over", "p")
    }
    due = {
        name: value(metrics, "next_due_timestamp_seconds", schedule=name)
        for name in ("gone", "a", "new", "over", "p")
    }
    assert last == {"gone": None, "a": 1.5, "new": None, "over": 3.0, "p": 1.5}
    assert due == {"gone": None, "a": 61.25, "new": 2.0, "over": None, "p": None}


def test_a_flood_of_schedules_is_bounded() -> None:
    """Counters beyond the limit are those of `other`; of gauges there is none, for a sum would say nothing."""
    metrics = PrometheusJobMetrics()
    for number in range(MAX_SCHEDULES + 50):
        metrics.schedule_fired(f"s{number}", 0)
    metrics.schedule_missed("Not A Name", 3)
    metrics.set_schedules([entry(f"s{number}", next_due=1000) for number in range(MAX_SCHEDULES + 50)])
    assert value(metrics, "fired_total", schedule="other") == 50
    assert value(metrics, "missed_total", schedule="other") == 3
    text = metrics.render()[0].decode()
    assert text.count("hexjobs_schedule_next_due_timestamp_seconds{") == MAX_SCHEDULES
    assert value(metrics, "next_due_timestamp_seconds", schedule="other") is None


def test_a_reading_that_is_too_old_vanishes() -> None:
    """As all of the store's figures do; what was counted stays."""
    now = [100.0]
    metrics = PrometheusJobMetrics(store_wide_max_age=timedelta(seconds=90), monotonic=lambda: now[0])
    metrics.set_store_wide([], {})
    metrics.set_schedules([entry("a", next_due=1000)])
    metrics.schedule_fired("a", 0)
    assert value(metrics, "next_due_timestamp_seconds", schedule="a") == 1
    now[0] += 91
    assert value(metrics, "next_due_timestamp_seconds", schedule="a") is None
    assert value(metrics, "fired_total", schedule="a") == 1


def test_the_children_of_a_worker_are_added_up() -> None:
    """The figures of several processes go through the supervisor as plain numbers."""
    one, two = PrometheusJobMetrics(), PrometheusJobMetrics()
    for metrics in (one, two):
        metrics.schedule_fired("a", 0.2)
    one.combine = lambda own: ProcessFigures(own).add(two.figures())
    assert value(one, "fired_total", schedule="a") == 2
    assert value(one, "late_seconds_count") == 2
