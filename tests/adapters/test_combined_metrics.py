"""PrometheusJobMetrics over the figures of several processes."""

from __future__ import annotations

import re

import pytest

from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.ports.process_figures import ProcessFigures


def counted(runs: int) -> PrometheusJobMetrics:
    metrics = PrometheusJobMetrics(job_types=["email"])
    for _ in range(runs):
        metrics.job_started("email", "default", 0.2)
        metrics.job_processed("email", "completed", 0.3)
        metrics.observe("sold", 2.0, {"shop": "a"})
    metrics.set_slots(1, 5)
    return metrics


def value(metrics: PrometheusJobMetrics, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", metrics.render()[0].decode(), re.MULTILINE)
    assert found is not None, series
    return float(found[1])


@pytest.mark.parametrize(
    ("series", "total"),
    [
        ('hexjobs_processed_total{status="completed",type="email"}', 5.0),
        ('hexjobs_duration_seconds_bucket{le="0.25",type="email"}', 0.0),
        ('hexjobs_duration_seconds_bucket{le="0.5",type="email"}', 5.0),
        ('hexjobs_duration_seconds_count{type="email"}', 5.0),
        ('hexjobs_sold_total{shop="a"}', 10.0),
        ("hexjobs_worker_slots", 10.0),
    ],
)
def test_series_of_two_processes_are_added_up(series: str, total: float) -> None:
    """Counters, histograms, gauges and business counters alike."""
    mine, other = counted(2), counted(3).figures()
    mine.combine = lambda own: ProcessFigures(own).add(other)
    assert value(mine, series) == total


def test_a_sum_of_one_shows_what_it_shows_alone() -> None:
    """The way through figures and back changes nothing."""
    alone, combined = counted(3), counted(3)
    combined.combine = lambda own: own
    assert combined.render()[0] == alone.render()[0]


def test_a_business_counter_with_other_labels_elsewhere_is_shown_once() -> None:
    """A scrape with one name twice would be refused as a whole."""
    mine, other = counted(1), PrometheusJobMetrics()
    other.observe("sold", 7.0, {"country": "se"})
    figures = other.figures()
    mine.combine = lambda own: ProcessFigures(own).add(figures)
    text = mine.render()[0].decode()
    assert text.count("# TYPE hexjobs_sold_total counter") == 1
    assert "country" not in text
