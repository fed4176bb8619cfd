"""Workers that die by SIGKILL: faults 1, 2, 3 and 12, and twenty kills under load."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.harness.fault_schedule import FaultSchedule
from faults.harness.stage import RECOVERY, Stage
from faults.harness.worker_process import WorkerProcess

KILLS = 20


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage of its own: many crashes are no reason to quarantine here."""
    with Stage(tmp_path, worker_pool={"crash_limit": 1000}) as stage:
        yield stage


def owner(entry: dict[str, int], *workers: WorkerProcess) -> WorkerProcess:
    """The worker that ran what a journal's entry tells of."""
    [found] = [worker for worker in workers if entry["pid"] in {process.pid for process in worker.family()}]
    return found


def test_a_job_of_a_killed_worker_runs_elsewhere_in_time(stage: Stage) -> None:
    """Fault 1: parent and children at once; two starts, one crash, one attempt, and the log says so."""
    with stage.start_worker() as one, stage.start_worker() as two:
        one.ready()
        two.ready()
        job = stage.submit("step", {"seconds": 0.5})
        victim = owner(dict(stage.until_started(job)), one, two)
        stage.kill(victim)
        killed = time.monotonic()
        second = stage.until_started(job, 2)
        assert second["t"] - killed <= RECOVERY
        assert (second["attempt"], second["crashes"]) == (1, 1)
        assert stage.until_ended(job) == ["completed"]
        assert (two if victim is one else one).wait_for("job_recovered")["job_id"] == job
        assert stage.judge() == []


def test_deaths_around_the_handler_lose_nothing(stage: Stage) -> None:
    """Faults 2 and 3: before its first line, between effect and record, between effect and ack; what `once` can do."""
    with stage.start_worker() as worker, stage.start_worker() as other:
        worker.ready()
        other.ready()
        claimed = stage.submit("step", {"die": "claimed"})
        plain = stage.submit("effect", {"die": "unsettled"})
        gap = stage.submit("effect", {"die": "unrecorded", "once": True})
        assert stage.until_ended(claimed, plain, gap) == ["completed"] * 3
        once = stage.submit(
            "effect", {"die": "unsettled", "once": True}
        )  # alone: nobody else's death is its own
        assert stage.until_ended(once) == ["completed"]
        assert len(stage.entries("claimed", claimed)) == 1
        effects = {job: len(stage.entries("effect", job)) for job in (plain, once, gap)}
        assert effects[plain] >= 2, "at least once: without the ledger the effect is repeated"
        assert effects[once] == 1, "a recorded effect is not repeated"
        assert effects[gap] >= 2, "an effect whose record was lost is repeated: the gap that is promised"
        stage.drain()
        assert stage.judge() == []


def test_twenty_kills_under_load(stage: Stage, seed: int) -> None:
    """Every acknowledged job ends once, with its crashes counted and no attempt spent, whoever was killed when."""
    faults = FaultSchedule(seed, {"worker": 1, "runners": 3}, 0.3, 0.6)
    crews = [stage.start_worker().ready() for _ in range(3)]
    steady, victims = crews[0], crews[1:]
    jobs: list[str] = []
    for fault in itertools.islice(faults, KILLS):
        ends = time.monotonic() + fault.after
        while time.monotonic() < ends:
            jobs.append(stage.submit("step", {"seconds": 0.2, "failures": len(jobs) % 7 == 0}))
            jobs.append(stage.submit("thread_step", {"seconds": 0.1}))
            time.sleep(0.05)
        victim = victims.pop(0)
        stage.kill(victim, only_runners=fault.kind == "runners")
        victims.append(victim if fault.kind == "runners" else stage.start_worker())
    stage.drain()
    assert stage.judge() == []
    states = stage.snapshot().states
    crashed = [job for job in jobs if int(states[job].get("crashes", 0))]
    assert crashed, "kills under load hit running jobs"
    assert {states[job]["status"] for job in jobs} == {"completed"}
    assert steady.events("worker_lost")
