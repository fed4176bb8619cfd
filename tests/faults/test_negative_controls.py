"""Negative controls: with a guard taken out the checker reports a violation. A battery that sees nothing proves nothing.

Each control is also run with the guard in place, where it is not the subject of another test of the battery, and then
the checker is content.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.harness.sabotage import VARIABLE
from faults.harness.stage import Stage
from support.valkey_process import ValkeyProcess

SABOTAGE = "faults.harness.sabotage"


@pytest.fixture
def saboteurs(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose workers can be sabotaged; alone, because broken guards leave a broken store."""
    with Stage(tmp_path, handlers=(SABOTAGE,)) as stage:
        yield stage


@pytest.mark.parametrize(("guard", "said"), [("drop_the_fence", "I2"), ("ignore_lost_leases", "")])
def test_a_dropped_fence_is_seen(saboteurs: Stage, guard: str, said: str) -> None:
    """The ack of a paused worker ends a job that runs elsewhere; with the fence in place the same ack is refused."""
    with saboteurs.start_worker(**{VARIABLE: guard}) as paused:
        paused.ready()
        job = saboteurs.submit("step", {"seconds": 1.5})
        saboteurs.until_started(job)
        paused.send(signal.SIGSTOP, to_all=True)
        with saboteurs.start_worker() as other:
            other.ready()
            saboteurs.until_started(job, 2)
            paused.send(signal.SIGCONT, to_all=True)
            saboteurs.until(lambda: len(saboteurs.entries("end", job)) == 2, "both runs end")
            saboteurs.until_ended(job)

            def seen() -> bool:
                return any(line.startswith(said) and job in line for line in saboteurs.judge())

            if said:
                saboteurs.until(
                    seen, "the checker sees it, once both have heard what became of their results"
                )
            else:
                paused.wait_for("result_refused")
                assert saboteurs.judge() == []


def test_a_dequeue_in_two_steps_is_seen(saboteurs: Stage) -> None:
    """A worker that dies between pop and record takes the job with it; the check of the store sees it as well."""
    job = saboteurs.submit("step")  # before the worker is there: its first look finds it
    with saboteurs.start_worker(**{VARIABLE: "pop_then_record"}) as worker:
        saboteurs.until(lambda: saboteurs.entries("popped", job), "the job is popped")
        saboteurs.kill(worker)
    found = saboteurs.judge()
    assert f"I1: {job} is stored and in no place" in found
    assert any(line.startswith("fsck: ") and job in line for line in found)


def test_an_ack_before_the_run_is_seen(saboteurs: Stage) -> None:
    """A worker that dies in the run leaves a job completed that nobody finished."""
    with saboteurs.start_worker(**{VARIABLE: "settle_before_run"}) as worker:
        worker.ready()
        job = saboteurs.submit("step", {"seconds": 30})
        saboteurs.until_started(job)
        saboteurs.kill(worker)
    assert saboteurs.until_ended(job) == ["completed"]
    assert f"I2: {job} is completed and no run of it has ended well" in saboteurs.judge()


def test_a_server_without_persistence_is_seen(tmp_path: Path) -> None:
    """What was acknowledged before its SIGKILL is nowhere."""
    with Stage(tmp_path, server=ValkeyProcess(tmp_path, durable=False)) as stage:
        jobs = [stage.submit("step") for _ in range(5)]
        stage.server.kill()
        stage.server.start()
        found = stage.judge()
    assert found == sorted(f"I1: {job} was acknowledged and is nowhere" for job in jobs)
