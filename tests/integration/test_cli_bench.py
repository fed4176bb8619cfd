"""`hexjobs bench`: figures, and a store that is afterwards as it was."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from hexjobs.bench.bench_place import own_prefix
from hexjobs.bench.run_bench import Bench
from hexjobs.settings import RedisSettings, load_settings
from support.command_line import CommandLine, eventually

FIGURES = {
    "submit_per_second",
    "submit_jobs_per_second",
    "drain_per_second",
    "start_p50_ms",
    "start_p99_ms",
    "bytes_per_waiting_job",
}


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def keys(shell: CommandLine) -> int:
    """How many keys the server has."""
    return int(shell.ask_server("DBSIZE").removeprefix(b":"))


def test_it_measures_and_leaves_nothing_behind(shell: CommandLine) -> None:
    """With a queue that is full, a job of the user's that waits, and no handler of theirs in the way."""
    job_id = shell.submit("add", '{"a": 1, "b": 2}')
    before, stored = keys(shell), shell.job(job_id)
    shell.environment["HEXJOBS_QUEUES__DEFAULT__MAX_JOBS"] = "1"
    shell.environment["HEXJOBS_JOBS__WORKER_POOL__QUEUES"] = "default"
    ended = shell.call("bench", "--jobs", "150", "--json")
    assert ended.code == 0, ended.err
    found = ended.json()
    assert found.keys() == FIGURES | {"store", "jobs", "slots", "risks"}
    assert all(found[name] > 0 for name in FIGURES)
    assert (found["jobs"], found["slots"], found["risks"]) == (150, 100, [])
    assert found["start_p50_ms"] <= found["start_p99_ms"]
    assert 100 < found["bytes_per_waiting_job"] < 1000
    assert keys(shell) == before
    assert shell.job(job_id) == stored


def test_what_a_person_sees(shell: CommandLine) -> None:
    """A line for each figure, what the server's persistence endangers, and no line of the worker's log."""
    ended = shell.call("bench", "--jobs", "100", "-c", "3", HEXJOBS_JOBS__EMBEDDED__FSYNC="everysec")
    assert ended.code == 0, ended.err
    assert [line.split("\t")[0] for line in ended.out.splitlines()] == [
        "submit_job, one by one",
        "submit_jobs, 1,000 in each",
        "jobs run",
        "submit to start, p50",
        "submit to start, p99",
        "server's memory for a waiting job",
    ]
    about, risk = ended.err.splitlines()
    assert about.startswith("100 jobs in 3 slots of one process, on ")
    assert risk.startswith("risk: appendfsync is everysec")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a POSIX signal here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_interrupted(shell: CommandLine, number: signal.Signals) -> None:
    """In the middle of its submits."""
    shell.submit("add", '{"a": 1, "b": 2}')
    before = keys(shell)
    with shell.start("bench", "--jobs", "1000000") as running:
        eventually(lambda: keys(shell) > before + 2000, lambda: running.err)
        running.signal(number)
        ended = running.end()
    assert (ended.code, ended.out) == (130, "")
    assert "Traceback" not in ended.err
    assert keys(shell) == before


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a POSIX signal here")
def test_a_second_interrupt_does_not_keep_it_from_putting_things_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes while the keys are removed, and that goes on."""
    overrides = {"jobs": {"provider": "memory"}}
    bench = Bench(load_settings(None, environ={}, overrides=overrides), jobs=100, slots=1)
    happened = []

    async def interrupted() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    async def leave() -> None:
        happened.append("begins to leave")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.05)  # the loop hears of it
        happened.append("has left")

    monkeypatch.setattr(bench, "_measure", interrupted)
    monkeypatch.setattr(bench._place, "leave", leave)
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert happened == ["begins to leave", "has left"]


def test_memory_can_be_measured_too(shell: CommandLine) -> None:
    """Without bytes: no server counts them."""
    ended = shell.call("bench", "--jobs", "100", "--json", HEXJOBS_JOBS__PROVIDER="memory")
    assert ended.code == 0, ended.err
    found = ended.json()
    assert found["bytes_per_waiting_job"] is None
    assert found["store"] == "the memory of this process"
    assert found["risks"]


def test_a_server_that_is_away_is_exit_code_4(shell: CommandLine) -> None:
    """As with every command."""
    shell.environment["HEXJOBS_JOBS__PROVIDER"] = "redis"
    shell.environment["HEXJOBS_JOBS__REDIS__ADDR"] = "unix:///nowhere/s"
    assert shell.call("bench").code == 4


@pytest.mark.parametrize("configured", ["jobs", "{jobs}", "{jobs-3}", "a" * 64, "{" + "a" * 64 + "}"])
def test_its_prefix_is_its_own_and_one_that_may_be(configured: str) -> None:
    """Never the same twice; in braces where the configured one is, so that a cluster keeps the keys together."""
    first, second = own_prefix(configured), own_prefix(configured)
    assert len({configured, first, second}) == 3
    assert RedisSettings(key_prefix=first).key_prefix == first
    assert first.startswith("{") == configured.startswith("{")
