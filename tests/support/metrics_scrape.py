"""A scrape with something in every metric, over real HTTP."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from hexjobs.adapters.http.create_app import create_app
from hexjobs.adapters.http.http_server import HttpServer
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.domain.status import JobStatus
from hexjobs.ports.circuits import CircuitState
from hexjobs.ports.delivery import QueueStats
from hexjobs.ports.job_metrics import JobMetrics
from hexjobs.ports.schedule_entry import ScheduleEntry

Series = dict[str, dict[str, set[str]]]
"""By the name of a sample: its labels, and the values each of them has."""


def drive(metrics: JobMetrics) -> None:
    """Call every method of the port at least once."""
    for status in JobStatus:
        metrics.job_processed("email", status, 0.2)
    metrics.job_started("email", "default", 0.01)
    metrics.job_retried("email")
    metrics.job_dead("email", "max_retries")
    metrics.run_timed_out("email")
    metrics.result_refused("email")
    metrics.lease_lost("email")
    metrics.store_repaired("data_lost", 2)
    metrics.set_slots(2, 5)
    metrics.set_zombies(1)
    levels = {"low": 0, "normal": 3, "high": 1, "critical": 0}
    stats = QueueStats("default", levels, waiting=4, failed=1, oldest_waiting_seconds=7.5)
    metrics.set_store_wide([stats], {("email", "normal", "default"): 12})
    metrics.set_circuits({"stripe": CircuitState.OPEN})
    metrics.schedule_fired("nightly", 0.25)
    metrics.schedule_skipped("nightly")
    metrics.schedule_missed("nightly", 3)
    entry = ScheduleEntry(
        name="nightly", envelope=msgspec.Raw(b"{}"), last_fired=1_767_225_600_000, next_due=1_767_225_660_500
    )
    metrics.set_schedules([entry])
    metrics.observe("invoices_sent", 3, {"country": "de"})


async def scrape(metrics: PrometheusJobMetrics, accept: str = "") -> httpx.Response:
    """What `GET /metrics` answers on a free port."""
    server = HttpServer(create_app(checks={}, metrics=metrics), port=0)
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=server.url, headers={"accept": accept}) as client:
            return await client.get("/metrics")
    finally:
        await server.stop()


def live_series() -> Series:
    """The samples of a real scrape after every method was called."""
    metrics = PrometheusJobMetrics()
    drive(metrics)
    return series_of(asyncio.run(scrape(metrics)).text)


def series_of(text: str) -> Series:
    """The samples of a scrape in the text format."""
    series: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = series.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return series
