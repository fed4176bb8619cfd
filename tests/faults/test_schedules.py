"""Schedules under ten schedulers that are killed, stand still and have wrong clocks, and on a server that was emptied.

Faults 16, 29 and 31. SCHEDULING_SECONDS= makes the long one shorter, SEED= has its faults again.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from faults.harness.crew import KINDS, Crew
from faults.harness.fault_schedule import FaultSchedule
from faults.harness.shifted_clock import ShiftedClock
from faults.harness.stage import RECOVERY, Stage
from support.valkey_process import ValkeyProcess

SECONDS = float(os.environ.get("SCHEDULING_SECONDS") or 60)
SIZE = 10
ENTRIES = 20
GRACE = 1000
SECOND = 1000
RHYTHMS: tuple[dict[str, str], ...] = (
    {"every": "1s"},
    {"cron": "* * * * * *"},
    {"cron": "*/1 * * * * *", "timezone": "Australia/Lord_Howe", "jitter": "400ms"},
    {"every": "1s", "start": "2026-01-01T00:00:00Z"},
)
STANDSTILLS = (0.25, 0.6)
"""When all stand still, as parts of the whole: then the misfire policy has something to do."""
STANDSTILL_SECONDS = 2.0
RECOVERY_AMONG_FAULTS = RECOVERY + 12.0
"""Who could take a dead worker's job over may stand still itself."""


def each_second(count: int) -> dict[str, Any]:
    """The configuration of so many schedules that leave no second out."""
    policy = {"type": "step", "misfire": "run_all", "backlog": 1000, "grace": f"{GRACE}ms"}
    entries = {f"second-{number}": {**policy, **RHYTHMS[number % len(RHYTHMS)]} for number in range(count)}
    return {"schedules": entries, "schedules_revision": 1}


def has_caught_up(stage: Stage) -> bool:
    """Whether nothing is due, by the server's clock."""
    with stage.server.client() as client:
        answer: Any = client.time()
    now = answer[0] * 1000 + answer[1] // 1000
    return all(
        entry.next_due is not None and entry.next_due > now for entry in stage.service.list_schedules()
    )


def fired(stage: Stage) -> dict[str, dict[int, int]]:
    """For each schedule the instants that fired, and when, by the ledger."""
    return {
        name: {row["instant"]: row["at"] for row in rows if row["outcome"] == "fired"}
        for name, rows in stage.snapshot().ledgers.items()
    }


def have_fired(stage: Stage, names: Iterable[str], times: int) -> bool:
    """Whether each of these has fired that often."""
    known = fired(stage)
    return all(len(known.get(name, {})) >= times for name in names)


def end_all(stage: Stage) -> None:
    """No further fires; what was fired ends."""
    stage.until(partial(has_caught_up, stage), "what was due has fired")
    for entry in stage.service.list_schedules():
        stage.service.pause_schedule(entry.name)
    stage.drain(60)


@pytest.mark.timeout(SECONDS + 120)
def test_ten_schedulers_make_one_job_per_instant(tmp_path: Path, seed: int) -> None:
    """Twenty schedules at a second's cadence for a minute: none twice, none left out, whoever dies, sleeps or errs.

    Judged from the ledger, from the ids of the jobs, and from the handlers' journals.
    """
    clocks = []
    for number in range(4):
        (folder := tmp_path / f"clock-{number}").mkdir()
        clocks.append(ShiftedClock(folder))
    pool = {"worker_count": 2, "crash_limit": 1_000_000}
    with Stage(tmp_path, seed=seed, worker_pool=pool, sections=each_second(ENTRIES)) as stage:
        stage.cadences = {f"second-{number}": SECOND for number in range(ENTRIES)}
        crew = Crew(stage, SIZE, clocks)
        stage.until(lambda: len(stage.entries("start")) >= ENTRIES, "all fire")
        begin, standstills = time.monotonic(), list(STANDSTILLS)
        for fault in FaultSchedule(seed, KINDS, 0.2, 1.0):
            time.sleep(fault.after)
            crew.do(fault)
            if standstills and time.monotonic() > begin + standstills[0] * SECONDS:
                del standstills[0]
                crew.pause_all()
                time.sleep(STANDSTILL_SECONDS)
                crew.resume_all()
            if time.monotonic() > begin + SECONDS:
                break
        crew.resume_all()
        end_all(stage)
        known = fired(stage)
        assert stage.judge(recovery_seconds=RECOVERY_AMONG_FAULTS) == []
        assert set(known) == set(stage.cadences)
        assert min(len(instants) for instants in known.values()) >= int(SECONDS)
        for name, instants in known.items():
            late = [instant for instant, at in instants.items() if at - instant > GRACE]
            assert late, f"the misfire policy of {name} had nothing to do"
        assert len(crew.counts) >= min(5, SECONDS // 6), crew.counts


def test_an_emptied_server_gets_its_schedules_back(tmp_path: Path) -> None:
    """Fault 16: the configuration is applied again by whoever looks first, and its schedules fire on, once per instant.

    One of the three schedulers is killed at the same time, one sleeps, and the third one has seen the store before.
    """
    names = [f"second-{number}" for number in range(4)]
    server = ValkeyProcess(tmp_path, durable=False)
    with Stage(tmp_path, server=server, sections=each_second(len(names))) as stage:
        crew = Crew(stage, 3, [])
        for worker in crew.workers:
            worker.ready()
        stage.until(partial(have_fired, stage, names, 2), "all fire")
        asleep, dead, _ = crew.workers
        asleep.send(signal.SIGSTOP, to_all=True)
        before = fired(stage)
        server.kill()
        stage.kill(dead)
        server.start()
        stage.until(partial(have_fired, stage, names, 2), "they fire again")
        asleep.send(signal.SIGCONT, to_all=True)
        stage.start_worker(address=stage.server.url).ready()
        stage.until(partial(have_fired, stage, names, 4), "they fire on")
        end_all(stage)
        after = fired(stage)
        assert stage.judge(recovery_seconds=None) == []
        for name in names:
            instants = sorted(after[name])
            assert instants == list(range(instants[0], instants[-1] + 1, SECOND))
            assert instants[0] > max(before[name])
