"""The benchmarks measure what they say: at tiny sizes, each subject alone, and the judge with figures that are made up."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.benchmark_runs import Importer, benchmark_modules, run_benchmark

OF_SUBJECT = {
    "submit": r"submit\.|bare\.(async|blocking|pipelines)$",
    "drain": r"drain\.",
    "start": r"(bare\.)?start[._]p",
    "bytes": r"bytes\.",
    "startup": r"startup\.",
    "durable": r"durable\.",
    "burst": r"burst\.",
    "far": r"far\.",
    "lateness": r"lateness\.",
    "growth": r"growth\.",
    "idle": r"idle\.",
}
BASE_OF_GROWTH = r"growth\.\w+\.base\."
"""Measured for what stands beside it alone, without a row of its own."""
ROWS_OF_THE_CONTRACT = {
    "drain.async.jobs_per_second",
    "drain.async.worker_us",
    "drain.async.server_s_per_10k",
    "drain.threads.jobs_per_second",
    "submit.async",
    "submit.blocking",
    "submit.tasks",
    "submit.threads",
    "submit.bulk",
    "start.p50",
    "start.p99",
    "idle.requests",
    "idle.commands",
    "idle.cpu",
    "idle.child_rss",
    "idle.supervisor_rss",
    "bytes.waiting",
    "burst.delayed",
    "burst.promoting_p50",
    "burst.promoting_p99",
    "far.submit",
    "far.bytes",
    "far.requests",
    "lateness.p99",
    "lateness.schedule_p99",
    "startup.help",
    "startup.package",
    "startup.service",
    "startup.ready",
    "durable.tasks",
} | {
    f"growth.{situation}.{cost}"
    for situation in ("backlog", "queues", "delayed", "dead")
    for cost in ("lone_us", "submit_us", "drain_us", "worker_us", "submits_per_second", "jobs_per_second")
}


@pytest.fixture
def benchmarks() -> Iterator[Importer]:
    with benchmark_modules() as importer:
        yield importer


def catalogue(benchmarks: Importer) -> dict[str, Any]:
    """Every figure of the report by key."""
    groups = benchmarks("run").groups(benchmarks("sizes").Sizes())
    figures = [figure for group in groups for figure in group.figures]
    assert len({figure.key for figure in figures}) == len(figures)
    return {figure.key: figure for figure in figures}


@pytest.mark.timeout(150)
@pytest.mark.parametrize("subject", OF_SUBJECT)
def test_every_figure_of_a_subject_is_measured(subject: str, benchmarks: Importer, tmp_path: Path) -> None:
    """On real servers and workers; it is in the page and in the document, with a verdict where it has a target."""
    jobs = "1000" if subject == "growth" else "100"
    ended = run_benchmark("run", tmp_path, ONLY=subject, JOBS=jobs)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    document = json.loads((tmp_path / "results.json").read_text())
    figures = catalogue(benchmarks)
    wanted = {key for key in figures if re.match(OF_SUBJECT[subject], key)}
    measured = {key for key, figure in document["figures"].items() if figure["median"] is not None}
    assert measured == wanted
    assert all(math.isfinite(document["rounds"][0][key]) for key in wanted)
    for key in wanted:
        verdict, target = document["figures"][key]["verdict"], figures[key].target
        is_whole = not target or not target.of or target.of in wanted or re.match(BASE_OF_GROWTH, target.of)
        judged = {"met", "missed"} if is_whole else {"met", "missed", "not measured"}
        assert verdict in (judged if target else {""}), key
    page = (tmp_path / "results.md").read_text()
    assert page.strip() == ended.stdout.strip()
    for word in ("commit", "machine", "python", "client", "server", "rounds"):
        assert re.search(rf"^- {word}: \S", page, re.MULTILINE), word


@pytest.mark.timeout(150)
def test_the_curves_become_plots(tmp_path: Path) -> None:
    """Two drawings that are well-formed, with their axes named."""
    ended = run_benchmark("run", tmp_path, ONLY="backlog_curve,load_curve")
    assert ended.returncode == 0, ended.stderr
    for name, words in {
        "throughput": ("jobs that wait", "jobs a second"),
        "latency": ("jobs submitted a second", "milliseconds", "p50", "p99"),
    }.items():
        text = (tmp_path / f"{name}.svg").read_text()
        told = " ".join(ET.fromstring(text).itertext())
        assert [word for word in words if word not in told] == []
        assert "prefers-color-scheme:dark" in text
        assert "nan" not in text


def test_the_catalogue_has_every_row_of_the_contract(benchmarks: Importer) -> None:
    """Each with a target; and each figure belongs to one subject."""
    figures = catalogue(benchmarks)
    assert {key for key, figure in figures.items() if figure.target} == ROWS_OF_THE_CONTRACT
    for key in figures:
        assert len([name for name, pattern in OF_SUBJECT.items() if re.match(pattern, key)]) == 1, key
    others = {figure.target.of for figure in figures.values() if figure.target and figure.target.of}
    others |= {figure.beside for figure in figures.values() if figure.beside}
    assert {key for key in others if not re.match(BASE_OF_GROWTH, key)} <= set(figures)


def test_verdicts_are_computed_from_the_rounds(benchmarks: Importer) -> None:
    """A ratio is of one round, the median of rounds counts, the limit itself is met, and a wrong figure is missed."""
    judge, figures = benchmarks("verdicts").judge, catalogue(benchmarks)
    submit, cpu = figures["submit.async"], figures["drain.async.worker_us"]
    rounds = [
        {"submit.async": 800.0, "bare.async": 1000.0},
        {"submit.async": 8000.0, "bare.async": 10_000.0},
        {"submit.async": 1.0, "bare.async": 1000.0},
    ]
    row = judge(submit, rounds)
    assert (row.ratio, row.verdict, row.median, row.beside) == (0.8, "met", 800.0, 1000.0)
    rounds[1]["submit.async"] = 7_900.0
    assert judge(submit, rounds).verdict == "missed"
    assert judge(submit, [{"submit.async": 800.0}]).verdict == "not measured"
    assert judge(submit, []).median is None
    assert judge(cpu, [{"drain.async.worker_us": 25.0}]).verdict == "met"
    assert judge(cpu, [{"drain.async.worker_us": 25.1}]).verdict == "missed"
    assert judge(figures["bare.async"], rounds).verdict == ""


def test_a_subject_that_fails_is_told_and_keeps_the_others(benchmarks: Importer) -> None:
    """Its figures are not measured, and the page says why."""
    run, sizes = benchmarks("run"), benchmarks("sizes").Sizes(jobs=100, rounds=2)

    async def broken(_: Any) -> Any:
        yield {"broken": 1.0}
        raise ValueError("no more")

    async def whole(_: Any) -> Any:
        while True:
            yield {"whole": 2.0}

    problems: list[str] = []
    found = benchmarks("loops").run(run.measure({"broken": broken, "whole": whole}, sizes, 2, problems))
    assert found == [{"broken": 1.0, "whole": 2.0}, {"whole": 2.0}]
    assert problems == ["broken: ValueError: no more"]
    report = benchmarks("report")
    page = report.markdown({}, report.judged(run.groups(sizes), found), problems)
    assert "**a subject failed**: broken: ValueError: no more" in page
    assert "0 met" not in page
    assert "not measured" in page


def test_a_subject_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the names of those that are."""
    ended = run_benchmark("run", tmp_path, ONLY="drian")
    assert (ended.returncode, "drain" in ended.stdout) == (2, True)


def test_axes_hold_their_values(benchmarks: Importer) -> None:
    """Even a lone point, and one on a decade."""
    axis = benchmarks("line_chart").Axis
    lone = axis.over("x", [100.0], log=True)
    assert lone.ticks() == [100, 1000]
    even = axis.over("y", [0.0, 34_000.0], log=False)
    assert (even.low, even.high, len(even.ticks())) == (0.0, 40_000.0, 5)
    assert [even.share(value) for value in (0.0, 40_000.0)] == [0.0, 1.0]


def test_a_worker_stands_at_the_gate_when_all_of_its_slots_are_held(benchmarks: Importer) -> None:
    """And goes on when it opens, or is no more."""
    hold, gates = benchmarks("noop_jobs").hold, benchmarks("gate")

    async def scenario() -> None:
        with gates.Gate(3) as gate:
            held = [asyncio.create_task(hold(None, gate.payload)) for _ in range(2)]
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(gate.wait, 0.05)
            held.append(asyncio.create_task(hold(None, gate.payload)))
            await asyncio.to_thread(gate.wait, 30.0)
            assert not any(task.done() for task in held)
            gate.open()
            await asyncio.wait_for(asyncio.gather(*held), 30.0)
        left = [asyncio.create_task(hold(None, gate.payload)) for _ in range(3)]
        ends = await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), 30.0)
        assert [type(end) for end in ends] == [type(None), type(None), ConnectionRefusedError]

    benchmarks("loops").run(scenario())


def test_a_figure_is_the_mean_of_its_slices_without_the_extremes(benchmarks: Importer) -> None:
    """Of both a tenth; a situation stands beside the mean of its two bases, rates as well as times."""
    growth = benchmarks("subjects.growth")

    def turns(times: float) -> list[dict[str, list[float]]]:
        slices = [500.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 2.0, 2.0, 0.0]
        return [
            {
                "us": [10 * times * each for each in slices],
                "jobs_per_second": [each / times for each in slices],
            }
            for _ in range(2)
        ]

    found = dict(growth._figures("dead", turns(1.0), turns(1.1), turns(1.3)))
    assert found == pytest.approx(
        {
            "growth.dead.us": 2 * 11,
            "growth.dead.base.us": 2 * (10 + 13) / 2,
            "growth.dead.jobs_per_second": 2 / 1.1,
            "growth.dead.base.jobs_per_second": 2 * (1 + 1 / 1.3) / 2,
        }
    )


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system takes no such wish")
def test_servers_have_a_processor_apart(benchmarks: Importer) -> None:
    """While they are compared, and every thread of this process has its own ones back afterwards."""
    before = os.sched_getaffinity(0)
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(os.sched_getaffinity, 0).result() == before
        with benchmarks("processors").servers_apart() as place, benchmarks("server").valkey() as server:
            place(server)
            if len(before) > 1:
                assert os.sched_getaffinity(server.pid) == {min(before)}
                for apart in (os.sched_getaffinity(0), threads.submit(os.sched_getaffinity, 0).result()):
                    assert apart == before - {min(before)}
        assert os.sched_getaffinity(0) == before
        assert threads.submit(os.sched_getaffinity, 0).result() == before
