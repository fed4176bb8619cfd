"""The soak and its report: a short run of it, and what a report must say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from faults.soak.fault_report import PAGE, FaultReport, problems_of
from faults.soak.kills import Kills
from faults.soak.server_usage import MOST_GROWTH, ServerUsage, shipped_scripts
from faults.soak.soak import Soak
from faults.soak.usage import Usage
from support.valkey_process import ValkeyProcess


def test_a_short_soak_finds_nothing(tmp_path: Path, seed: int) -> None:
    """Random faults for a few seconds, a drain, and the verdict: the same that `make soak` runs for minutes."""
    soak = Soak(tmp_path, seed, victims=1)
    soak.run(5.0)
    assert soak.wrong == []
    assert soak.counts["acknowledged submits"] > 50
    assert soak.counts["completed"] > 0
    assert sum(soak.faults.values()) > 0
    report(counts=soak.counts, faults=soak.faults, figures=soak.figures).write(tmp_path / "report.md")


def test_a_few_kills_at_the_default_lease(tmp_path: Path, seed: int) -> None:
    """The other part of `make soak`, in small: interrupted jobs start again within ten seconds."""
    kills = Kills(tmp_path, seed, kills=1, jobs=100)
    kills.run()
    assert kills.wrong == []
    assert (kills.counts["completed"], kills.counts["acknowledged submits"]) == (100, 100)


def report(**given: Any) -> FaultReport:
    """A report that says everything."""
    known: dict[str, Any] = {
        "commit": f"`{'0123456789' * 4}`",
        "seed": 7,
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T00:30:00Z",
        "counts": {"acknowledged submits": 1000, "completed": 990, "runs": 1234},
        "faults": {"worker killed": 3},
    }
    return FaultReport(**{**known, **given})


def test_the_report_in_the_repository_is_one() -> None:
    """It is written by the soak; where there is none yet, nothing claims anything."""
    if PAGE.exists():
        assert problems_of(PAGE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"commit": "unknown"}, "commit is 'unknown'"),
        ({"seed": "random"}, "seed is 'random'"),
        ({"start": ""}, "it does not say start"),
        ({"end": "later"}, "end is 'later'"),
        ({"end": "2025-01-01T00:00:00Z"}, "it ends before it starts"),
        ({"counts": {"completed": 1, "runs": 1}}, "it does not say acknowledged submits"),
        ({"counts": {"acknowledged submits": 1, "runs": 1}}, "it does not say completed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_report_without_its_facts_is_refused(tmp_path: Path, given: dict[str, Any], problem: str) -> None:
    """Commit, seed, start, end and counts: without one of them nothing is written."""
    page = tmp_path / "page.md"
    with pytest.raises(ValueError, match=problem):
        report(**given).write(page)
    assert not page.exists()
    report().write(page)
    assert problems_of(page.read_text("utf-8")) == []


def test_growth_is_seen() -> None:
    """Memory by its slope over the later samples, descriptors by the last one, and a process that was replaced."""
    flat, growing = Usage("flat"), Usage("growing")
    for usage, step in ((flat, 0.0), (growing, 2.0)):
        for number in range(9):
            usage.take(psutil.Process(), number * 60.0)
            usage.memory[-1], usage.descriptors[-1] = 80 + step * number, 20 + int(step * number)
    assert flat.problems(8.0, 4) == []
    assert len(growing.problems(8.0, 4)) == 2
    assert round(growing.slope) == 120
    flat.processes.add(1)
    assert flat.problems(8.0, 4) == ["soak: flat, which nobody killed, was replaced 1 times"]


def test_what_stays_in_a_server_is_seen(tmp_path: Path) -> None:
    """Each byte of each key counts, and nothing of the server's own: a restart changes nothing."""
    usage = ServerUsage(patience=0.1)
    with ValkeyProcess(tmp_path) as server:
        for step in ("nothing", "a key", "restart", "script"):
            if step == "restart":
                server.kill()
                server.start()
            with server.client() as client:
                if step == "a key":
                    client.set("jobs:left", b"x" * MOST_GROWTH)
                elif step == "script":
                    client.eval("return 1", 0)
                usage.take(client)
    first, with_key, restarted, _ = usage.keys
    assert first == 0
    assert MOST_GROWTH < with_key == restarted < MOST_GROWTH * 1.5
    assert usage.scripts == [0, 0, 0, 1]
    [problem] = usage.problems()
    assert problem.startswith("I6: the keys of the emptied server have ")
    assert problem.endswith("the largest was jobs:left")


@pytest.mark.parametrize(
    ("keys", "scripts", "found"),
    [
        ([5_000, 5_000 + MOST_GROWTH], [40, 41], 0),
        ([5_000, 5_001 + MOST_GROWTH, 5_000], [40, 40], 1),
        ([5_000, 5_000], [40, 10_000], 1),
    ],
)
def test_growth_of_a_server_is_judged(keys: list[int], scripts: list[int], found: int) -> None:
    """In every round, also where a later one is well again."""
    assert shipped_scripts() > 40
    assert len(ServerUsage(keys, scripts, [1, 1]).problems()) == found
