"""PrometheusJobMetrics counts exactly, bounds its labels, never raises, and writes what Prometheus reads."""

from __future__ import annotations

import inspect
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import inf, nan
from typing import Any

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from structlog.testing import capture_logs

from hexjobs.adapters.metrics.metric_spec import METRICS
from hexjobs.adapters.metrics.no_job_metrics import NoJobMetrics
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.ports.delivery import QueueStats
from hexjobs.ports.job_metrics import JobMetrics
from support.metrics_scrape import drive

METHODS = [name for name, _ in inspect.getmembers(JobMetrics, inspect.isfunction) if not name.startswith("_")]


def value(metrics: PrometheusJobMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"hexjobs_{name}", labels)


def test_every_method_of_the_port_fills_its_series() -> None:
    metrics = PrometheusJobMetrics()
    drive(metrics)
    assert value(metrics, "enqueued_total", type="email", priority="normal", queue="default") == 12
    assert value(metrics, "queue_size", queue="default", priority="normal") == 3
    assert value(metrics, "queue_size", queue="default", priority="low") == 0
    assert value(metrics, "queue_failed", queue="default") == 1
    assert value(metrics, "oldest_waiting_seconds", queue="default") == 7.5
    assert value(metrics, "processed_total", type="email", status="completed") == 1
    assert value(metrics, "duration_seconds_count", type="email") == 7
    assert value(metrics, "duration_seconds_bucket", type="email", le="0.1") == 0
    assert value(metrics, "duration_seconds_bucket", type="email", le="0.25") == 7
    assert value(metrics, "wait_seconds_sum", type="email") == 0.01
    assert value(metrics, "retries_total", type="email") == 1
    assert value(metrics, "dead_letters_total", type="email", reason="max_retries") == 1
    assert value(metrics, "active_workers") == 2
    assert value(metrics, "worker_slots") == 5
    assert value(metrics, "lost_leases_total") == 1
    assert value(metrics, "refused_results_total") == 1
    assert value(metrics, "invoices_sent_total", country="de") == 3


def test_the_driver_of_the_tests_calls_every_method_and_fills_every_metric() -> None:
    called = set()

    class Recorder:
        def __getattr__(self, name: str) -> Any:
            called.add(name)
            return lambda *_: None

    recorder: Any = Recorder()
    drive(recorder)
    assert called == set(METHODS)
    metrics = PrometheusJobMetrics()
    drive(metrics)
    filled = {family.name for family in metrics.collect() if family.samples}
    assert filled == {f"hexjobs_{spec.family_name}" for spec in METRICS} | {"hexjobs_invoices_sent"}


def test_both_formats_are_read_by_their_parsers_with_the_same_samples() -> None:
    metrics = PrometheusJobMetrics()
    drive(metrics)
    text, text_type = metrics.render()
    openmetrics, openmetrics_type = metrics.render(
        "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"
    )
    assert text_type == "text/plain; version=0.0.4; charset=utf-8"
    assert openmetrics_type.startswith("application/openmetrics-text; version=1.0.0")

    def samples(families: Any) -> set[tuple[str, str, float]]:
        return {(s.name, str(sorted(s.labels.items())), s.value) for f in families for s in f.samples}

    found = samples(parse_text(text.decode()))
    assert found == samples(parse_openmetrics(openmetrics.decode()))  # type: ignore[no-untyped-call]  # so it is there
    assert len(found) > 60


def test_the_prefix_begins_every_name_and_the_global_registry_stays_empty() -> None:
    before = {family.name for family in prometheus_client.REGISTRY.collect()}
    metrics = PrometheusJobMetrics("go_mvc_jobs")
    drive(metrics)
    names = {sample.name for family in metrics.collect() for sample in family.samples}
    assert "go_mvc_jobs_enqueued_total" in names
    assert all(name.startswith("go_mvc_jobs_") for name in names)
    assert {family.name for family in prometheus_client.REGISTRY.collect()} == before


@pytest.mark.parametrize("prefix", ["", "1jobs", "Jobs", "my-jobs", "jobs:", "j" * 65, "jobs\n"])
def test_a_prefix_that_cannot_begin_a_name_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"jobs\.metrics\.prefix"):
        PrometheusJobMetrics(prefix)


def test_a_registry_of_the_users_serves_and_refuses_the_same_names_twice() -> None:
    registry = CollectorRegistry()
    PrometheusJobMetrics(registry=registry)
    PrometheusJobMetrics("other", registry)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusJobMetrics(registry=registry)


def test_counters_of_a_handled_type_start_at_zero_so_that_their_first_step_has_a_rate() -> None:
    metrics = PrometheusJobMetrics(job_types=["email"])
    for status in ("completed", "failed", "retrying"):
        assert value(metrics, "processed_total", type="email", status=status) == 0
    assert value(metrics, "retries_total", type="email") == 0
    assert value(metrics, "duration_seconds_count", type="email") is None


def test_a_flood_of_job_types_becomes_other_and_the_handled_ones_keep_their_names() -> None:
    metrics = PrometheusJobMetrics(max_job_types=3, job_types=["email"])
    for number in range(5000):
        metrics.job_dead(f"type-{number}", "unknown_type")
        metrics.job_started(f"type-{number}", "default", 0.0)
        metrics.job_processed(f"type-{number}", "failed", 0.0)
        metrics.job_retried(f"type-{number}")
    metrics.set_store_wide([], {(f"type-{n}", "normal", "default"): 1 for n in range(5000)})
    metrics.job_processed("email", "completed", 0.1)
    types = {s.labels["type"] for f in metrics.collect() for s in f.samples if "type" in s.labels}
    assert types == {"email", "type-0", "type-1", "type-2", "other"}
    assert value(metrics, "dead_letters_total", type="other", reason="unknown_type") == 4997
    assert value(metrics, "retries_total", type="other") == 4997
    assert value(metrics, "enqueued_total", type="other", priority="normal", queue="default") == 4997
    assert value(metrics, "processed_total", type="email", status="completed") == 1
    assert len(metrics.render()[0]) < 60_000


def test_the_most_frequent_types_of_the_store_get_the_room_that_is_left() -> None:
    metrics = PrometheusJobMetrics(max_job_types=1)
    reading = {("rare", "low", "default"): 1, ("frequent", "low", "default"): 9}
    metrics.set_store_wide([], reading)
    metrics.set_store_wide([], {**reading, ("newer", "low", "default"): 50})
    assert value(metrics, "enqueued_total", type="frequent", priority="low", queue="default") == 9
    assert value(metrics, "enqueued_total", type="other", priority="low", queue="default") == 51


@pytest.mark.parametrize("job_type", ["", "UPPER", "a b", 'quo"te', "new\nline", "\ud800", "x" * 65])
def test_a_type_that_is_no_legal_name_counts_as_other(job_type: str) -> None:
    metrics = PrometheusJobMetrics()
    metrics.job_dead(job_type, "unknown_type")
    metrics.set_store_wide([], {(job_type, "normal", "default"): 2, ("email", job_type, job_type): 1})
    assert value(metrics, "dead_letters_total", type="other", reason="unknown_type") == 1
    assert value(metrics, "enqueued_total", type="other", priority="normal", queue="default") == 2
    assert value(metrics, "enqueued_total", type="email", priority="other", queue="other") == 1
    list(parse_text(metrics.render()[0].decode()))


def test_a_flood_of_reasons_and_statuses_becomes_other() -> None:
    metrics = PrometheusJobMetrics()
    for number in range(1000):
        metrics.job_dead("email", f"reason {number}")
        metrics.job_processed("email", f"status {number}", 0.1)
    assert value(metrics, "dead_letters_total", type="email", reason="other") == 968
    assert value(metrics, "processed_total", type="email", status="other") == 971


def test_times_that_two_clocks_made_negative_or_that_are_no_numbers_count_as_zero() -> None:
    metrics = PrometheusJobMetrics()
    for seconds in (-3.0, nan, inf, -inf, 0.0):
        metrics.job_started("email", "default", seconds)
        metrics.job_processed("email", "completed", seconds)
    for name in ("wait_seconds", "duration_seconds"):
        assert value(metrics, f"{name}_sum", type="email") == 0
        assert value(metrics, f"{name}_bucket", type="email", le="0.001") == 5


def test_bounds_belong_to_their_bucket_and_the_last_bucket_holds_all() -> None:
    metrics = PrometheusJobMetrics()
    for seconds in (0.001, 0.0011, 3600.0, 9999.0):
        metrics.job_processed("email", "completed", seconds)
    found = {
        le: value(metrics, "duration_seconds_bucket", type="email", le=le)
        for le in ("0.001", "0.005", "3600.0", "+Inf")
    }
    assert found == {"0.001": 1, "0.005": 2, "3600.0": 3, "+Inf": 4}
    assert value(metrics, "duration_seconds_count", type="email") == 4


def test_a_reading_replaces_the_one_before() -> None:
    metrics = PrometheusJobMetrics()
    metrics.set_store_wide([QueueStats("old", {"low": 1}, waiting=1, oldest_waiting_seconds=1.0)], {})
    metrics.set_store_wide([QueueStats("new", {"low": 2}, waiting=2, paused=True)], {})
    assert value(metrics, "queue_size", queue="old", priority="low") is None
    assert value(metrics, "queue_size", queue="new", priority="low") == 2
    assert value(metrics, "queue_paused", queue="new") == 1
    assert value(metrics, "oldest_waiting_seconds", queue="new") is None, (
        "something waits, for how long is not known"
    )
    metrics.set_store_wide([QueueStats("new", {"low": 0})], {})
    assert value(metrics, "oldest_waiting_seconds", queue="new") == 0, "nothing waits"


def test_a_queue_may_be_called_other() -> None:
    metrics = PrometheusJobMetrics()
    metrics.set_store_wide([QueueStats("other", {"low": 1})], {})
    assert value(metrics, "queue_size", queue="other", priority="low") == 1


def test_figures_of_the_store_vanish_when_they_are_too_old() -> None:
    now = [100.0]
    metrics = PrometheusJobMetrics(store_wide_max_age=timedelta(seconds=90), monotonic=lambda: now[0])
    reading = ([QueueStats("default", {"low": 1})], {("email", "low", "default"): 4})
    metrics.set_store_wide(*reading)
    now[0] += 90
    assert value(metrics, "queue_size", queue="default", priority="low") == 1
    now[0] += 0.1
    assert value(metrics, "queue_size", queue="default", priority="low") is None
    assert value(metrics, "enqueued_total", type="email", priority="low", queue="default") is None
    metrics.set_store_wide(*reading)
    assert value(metrics, "enqueued_total", type="email", priority="low", queue="default") == 4


def test_threads_lose_no_count_while_somebody_scrapes() -> None:
    metrics = PrometheusJobMetrics()
    interval = sys.getswitchinterval()

    def work() -> None:
        for number in range(1500):
            metrics.job_started("email", "default", 0.5)
            metrics.job_processed(f"type-{number % 5}", "completed", 0.5)
            metrics.observe("invoices_sent", 1, {"country": "de"})
            if number % 500 == 0:
                metrics.render()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(work) for _ in range(4)]:
                done.result()
    finally:
        sys.setswitchinterval(interval)
    assert value(metrics, "wait_seconds_count", type="email") == 6000
    assert value(metrics, "wait_seconds_sum", type="email") == 3000
    assert value(metrics, "invoices_sent_total", country="de") == 6000
    assert (
        sum(value(metrics, "processed_total", type=f"type-{n}", status="completed") or 0 for n in range(5))
        == 6000
    )


BAD_OBSERVATIONS: list[tuple[Any, ...]] = [
    ("Invoices", 1, {}),
    ("invoices-sent", 1, {}),
    ("invoices_total", 1, {}),
    ("", 1, {}),
    (None, 1, {}),
    (["unhashable"], 1, {}),
    ("x" * 101, 1, {}),
    ("enqueued", 1, {}),
    ("queue_size", 1, {}),
    ("duration_seconds_bucket", 1, {}),
    ("invoices", -1, {}),
    ("invoices", nan, {}),
    ("invoices", inf, {}),
    ("invoices", "1", {}),
    ("invoices", 1, {"Country": "de"}),
    ("invoices", 1, {"__name__": "de"}),
    ("invoices", 1, {1: "de"}),
    ("invoices_sent", 1, {}),
    ("invoices_sent", 1, {"land": "de"}),
    ("invoices_sent", 1, {"country": "de", "land": "de"}),
]


@pytest.mark.parametrize("arguments", BAD_OBSERVATIONS)
def test_an_observation_that_cannot_be_counted_is_refused_counted_and_logged_once(
    arguments: tuple[Any, ...],
) -> None:
    metrics = PrometheusJobMetrics()
    metrics.observe("invoices_sent", 1, {"country": "de"})
    before = {family.name for family in metrics.collect()}
    with capture_logs() as log:
        metrics.observe(*arguments)
        metrics.observe(*arguments)
    assert [line["event"] for line in log] == ["observation_refused"]
    assert value(metrics, "refused_observations_total") == 2
    assert {family.name for family in metrics.collect()} == before
    assert value(metrics, "invoices_sent_total", country="de") == 1


def test_business_metrics_are_bounded_in_names_series_and_values() -> None:
    metrics = PrometheusJobMetrics()
    with capture_logs():
        for number in range(150):
            metrics.observe(f"metric_{number}", 1)
    for _ in range(1000):
        metrics.observe("metric_0", 1)
        metrics.observe("metric_1", 0.5)
    assert value(metrics, "metric_0_total") == 1001
    assert value(metrics, "metric_1_total") == 501
    assert value(metrics, "metric_99_total") == 1
    assert value(metrics, "metric_100_total") is None
    assert value(metrics, "refused_observations_total") == 50

    flooded = PrometheusJobMetrics()
    for number in range(1000):
        flooded.observe("visits", 2, {"user": str(number), "country": "de"})
    assert value(flooded, "visits_total", user="199", country="de") == 2
    assert value(flooded, "visits_total", user="other", country="other") == 1600


@pytest.mark.parametrize("label", ["x" * 129, "\udc80", 0.5, None])
def test_a_label_that_cannot_be_written_is_other(label: Any) -> None:
    metrics = PrometheusJobMetrics()
    metrics.observe("visits", 1, {"user": label})
    assert value(metrics, "visits_total", user="other") == 1
    list(parse_text(metrics.render()[0].decode()))


def test_labels_are_escaped() -> None:
    metrics = PrometheusJobMetrics()
    nasty = 'a"b\\c\nd} 1'
    metrics.observe("visits", 1, {"user": nasty})
    samples = [s for f in parse_text(metrics.render()[0].decode()) for s in f.samples]
    assert [s.labels for s in samples if s.name == "hexjobs_visits_total"] == [{"user": nasty}]


def test_a_finalizer_that_observes_from_inside_does_not_block() -> None:
    metrics = PrometheusJobMetrics()

    class Nosy(dict[str, str]):
        def __iter__(self) -> Any:
            metrics.observe("inner", 1)
            return super().__iter__()

    metrics.observe("outer", 1, Nosy(user="me"))
    assert value(metrics, "inner_total") is not None


def test_switched_off_metrics_take_everything() -> None:
    metrics: JobMetrics = NoJobMetrics()
    drive(metrics)
    for name in METHODS:
        assert inspect.signature(getattr(NoJobMetrics, name)) == inspect.signature(getattr(JobMetrics, name))
        assert inspect.signature(getattr(PrometheusJobMetrics, name)) == inspect.signature(
            getattr(JobMetrics, name)
        )
