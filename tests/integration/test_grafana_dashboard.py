"""The dashboard asks only for what a live scrape has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.metrics_scrape import Series, live_series
from support.promql import labels_of, problems_in

GRAFANA = Path(__file__).parents[2] / "grafana"
DASHBOARD: dict[str, Any] = json.loads(
    (GRAFANA / "dashboards" / "background-jobs-dashboard.json").read_text()
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
TARGETS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
NAMED = {
    "Job Processing Rate",
    "Queue Sizes by Priority",
    "Worker Pool Utilization",
    "Processing Time Distribution",
    "Error Rate by Job Type",
}
STORE_WIDE = re.compile(
    r"hexjobs_(enqueued_total|queue_\w+|oldest_waiting_seconds|circuit_open|schedule_\w+_timestamp_seconds)"
)


@pytest.fixture(scope="module")
def series() -> Series:
    return live_series()


@pytest.mark.parametrize(("title", "target"), TARGETS)
def test_every_metric_and_label_of_an_expression_is_in_a_live_scrape(
    title: str, target: dict[str, Any], series: Series
) -> None:
    assert problems_in(target["expr"], series) == [], title


@pytest.mark.parametrize(("title", "target"), TARGETS)
def test_a_legend_names_labels_that_the_result_has(
    title: str, target: dict[str, Any], series: Series
) -> None:
    named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    assert named <= labels_of(target["expr"], series), title


@pytest.mark.parametrize(("title", "target"), TARGETS)
def test_the_stores_figures_are_taken_once_and_never_added_up_over_processes(
    title: str, target: dict[str, Any]
) -> None:
    for match in STORE_WIDE.finditer(target["expr"]):
        before = target["expr"][: match.start()]
        assert re.search(r"\bmax(?: by \([^)]*\) )?\((?:rate\()?\Z", before), title


def test_variables_ask_for_labels_that_exist(series: Series) -> None:
    queries = [v for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    assert [v["name"] for v in queries] == ["queue", "type"]
    for variable in queries:
        match = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
        assert match, variable["name"]
        assert match.group(2) in series[match.group(1)]
        assert variable["definition"] == variable["query"]["query"]


def test_variables_that_expressions_use_are_declared() -> None:
    declared = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(PANELS)))
    assert used <= {*declared, "__rate_interval"}
    assert declared <= used


def test_panels_have_their_own_ids_and_places_and_the_promised_ones_are_there() -> None:
    assert {panel["title"] for panel in PANELS} >= NAMED
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert DASHBOARD["uid"]
    assert DASHBOARD["schemaVersion"] >= 36


def test_every_panel_asks_the_data_source_that_the_reader_chose() -> None:
    for panel in PANELS:
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_provisioning_files_load() -> None:
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yaml").read_text())
    assert [entry["type"] for entry in source["datasources"]] == ["prometheus"]
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "hexjobs.yaml").read_text())
    assert [entry["type"] for entry in provider["providers"]] == ["file"]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("sum(rate(hexjobs_procesed_total[5m]))", "hexjobs_procesed_total is not in the scrape"),
        ("max by (quue) (hexjobs_queue_size)", "by (quue)"),
        ('sum(hexjobs_queue_size{quue="default"})', "no label quue"),
        ('sum(rate(hexjobs_processed_total{status="faild"}[5m]))', "no status 'faild'"),
        ('sum(rate(hexjobs_processed_total{status=~"failed|retryin"}[5m]))', "no status 'retryin'"),
        ("sum(raet(hexjobs_retries_total[5m]))", "raet is no function"),
        ("sum by (type) (max by (queue) (hexjobs_queue_failed))", "by (type)"),
        ("sum by (type) (hexjobs_retries_total) / sum(hexjobs_retries_total)", "nothing matches"),
        ("histogram_quantile(0.5, sum by (type) (hexjobs_wait_seconds_bucket))", "needs le"),
        ("sum(rate(hexjobs_retries_total[$rate]))", "is no range"),
        ("sum(hexjobs_active_workers) sum(hexjobs_worker_slots)", "cannot read"),
    ],
)
def test_the_reader_of_expressions_finds_mistakes(expression: str, word: str, series: Series) -> None:
    assert any(word in problem for problem in problems_in(expression, series))
