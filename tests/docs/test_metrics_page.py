"""`docs/metrics.md` and a live scrape tell the same metrics, types and labels."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from hexjobs.adapters.metrics.histogram import SECONDS
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from support.metrics_scrape import drive, live_series, scrape
from support.promql import problems_in

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(
    r"^\| `(hexjobs_\w+)` \| (counter|gauge|histogram) \| (.*?) ?\| (.+?) \| (the store|each worker) \|$",
    re.MULTILINE,
)
STORE = {
    "enqueued_total",
    "oldest_waiting_seconds",
    "circuit_open",
    "schedule_last_fired_timestamp_seconds",
    "schedule_next_due_timestamp_seconds",
}


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    return {
        name: (kind, frozenset(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels, *_ in ROW.findall(PAGE)
    }


def scraped() -> dict[str, tuple[str, frozenset[str]]]:
    metrics = PrometheusJobMetrics()
    drive(metrics)
    found = {}
    for family in text_string_to_metric_families(asyncio.run(scrape(metrics)).text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        found[name] = (family.type, labels)
    del found["hexjobs_invoices_sent_total"]
    return found


def test_the_table_is_what_a_live_scrape_has() -> None:
    assert documented() == scraped()


def test_each_row_tells_who_fills_it() -> None:
    for name, _, _, _, filler in ROW.findall(PAGE):
        short = name.removeprefix("hexjobs_")
        assert (filler == "the store") == (short in STORE or short.startswith("queue_")), name


def test_the_expressions_of_the_page_ask_for_what_exists() -> None:
    series = live_series()
    blocks = re.findall(r"```promql\n(.*?)```", PAGE, re.DOTALL)
    expressions = [line for block in blocks for line in block.splitlines()]
    assert len(expressions) == 5
    assert [problem for line in expressions for problem in problems_in(line, series)] == []


def test_the_bounds_of_the_histograms_are_those_of_the_page() -> None:
    sentence = " ".join(re.search(r"have the bounds (.*?)\.\n", PAGE, re.DOTALL).group(1).split())  # type: ignore[union-attr]  # fails the test
    milliseconds, seconds, minutes = re.fullmatch(r"(.+) ms, (.+) s, and (.+) min", sentence).groups()  # type: ignore[union-attr]  # fails the test

    def numbers(text: str) -> list[float]:
        return [float(number) for number in re.findall(r"[\d.]+", text)]

    bounds = [n / 1000 for n in numbers(milliseconds)] + numbers(seconds) + [n * 60 for n in numbers(minutes)]
    assert tuple(bounds) == SECONDS


def test_the_examples_of_yaml_load_and_the_example_of_python_counts() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        yaml.safe_load(block)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    metrics = PrometheusJobMetrics()
    names["count_invoice"](metrics, "de")  # type: ignore[operator]  # the example defines it
    assert 'hexjobs_invoices_sent_total{country="de"} 1.0' in metrics.render()[0].decode()
