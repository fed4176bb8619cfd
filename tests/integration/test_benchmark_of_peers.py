"""`make bench-peers`: what it writes without any peer, and what it knows of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.benchmark_runs import Importer, benchmark_modules, run_benchmark
from support.source_tree import ROOT

PEERS = ROOT / "benchmarks" / "peers"
ASKED_FOR = {"dramatiq", "taskiq", "saq", "arq", "celery", "rq", "huey", "bullmq", "bee_queue"}


@pytest.fixture
def benchmarks() -> Iterator[Importer]:
    with benchmark_modules() as importer:
        yield importer


@pytest.mark.timeout(150)
def test_a_peer_that_cannot_be_installed_is_said_so(tmp_path: Path) -> None:
    """hexjobs and the bare client are measured all the same, and nothing is promised of what was not."""
    variables = {"ONLY": "bullmq", "HEXJOBS_PEERS": str(tmp_path / "peers"), "PATH": "/nowhere"}
    ended = run_benchmark("run_peers", tmp_path, **variables)
    assert ended.returncode == 0, ended.stderr
    found = json.loads((tmp_path / "peers.json").read_text())
    assert found["problems"] == {"bullmq": "not installed: node and npm are not on the path"}
    assert found["rounds"].keys() == {"hexjobs", "bare"}
    [ours], [bare] = found["rounds"]["hexjobs"], found["rounds"]["bare"]
    assert bare.keys() == {"submit", "bulk", "start_p50", "start_p99"}
    assert ours.keys() == bare.keys() | {"drain", "worker_us", "server_s_per_10k", "bytes"}
    assert all(figure >= 0 for figure in ours.values())
    page = (tmp_path / "peers.md").read_text()
    assert "| BullMQ (Node) | not installed: node and npm are not on the path |" in page
    assert "at least 1.7x of bee-queue (Node): not measured" in page


def test_verdicts_and_ratios_are_of_one_round(benchmarks: Importer) -> None:
    """The fastest crash-safe Python peer is found; faster ones that lose jobs, or run on Node, are not it."""
    table = benchmarks("peers.table")
    rounds = {
        "hexjobs": [{"drain": 30_000.0, "bytes": 100.0}],
        "bee_queue": [{"drain": 17_000.0, "bytes": 200.0}],
        "huey": [{"drain": 9_000.0}],
        "dramatiq": [{"drain": 3_000.0}],
        "saq": [{"drain": 2_000.0}],
    }
    bee, python = table.verdicts(rounds)
    assert bee == "- drain, at least 1.7x of bee-queue (Node): 1.76x, met"
    assert python == "- drain, at least 8.5x of the fastest crash-safe Python peer, Dramatiq: 10.00x, met"
    rounds["hexjobs"][0]["drain"] = 20_000.0
    assert all("missed" in line for line in table.verdicts(rounds))
    assert table.ratio("bytes", rounds["hexjobs"], rounds["bee_queue"]) == 2.0
    assert "| Huey (loses jobs) |" in "\n".join(table.figures_table(rounds, {}))


def test_every_peer_has_its_program_its_pins_and_its_semantics(benchmarks: Importer) -> None:
    """Versions and names alone: where packages come from is for the machine to say."""
    roster = benchmarks("peers.roster").PEERS
    assert {peer.name for peer in roster} == ASKED_FOR | {"hexjobs", "bare"}
    pinned = json.loads((PEERS / "package.json").read_text())["dependencies"]
    for peer in roster:
        assert (PEERS / f"{peer.name}.{'js' if peer.is_on_node else 'py'}").exists()
        assert peer.settings
        assert peer.acknowledges
        assert peer.is_crash_safe or not peer.drains or "lost" in peer.acknowledges
        if peer.is_on_node:
            assert all(re.fullmatch(r"\d[\w.-]*", pinned[name]) for name in peer.distributions)
        elif peer.name in ASKED_FOR:
            first, *pins = (PEERS / f"requirements-{peer.name}.txt").read_text().splitlines()
            assert first.startswith("# ")
            assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.+!]+", pin) for pin in pins)
            assert {pin.partition("==")[0].partition("[")[0] for pin in pins} >= set(peer.distributions)
