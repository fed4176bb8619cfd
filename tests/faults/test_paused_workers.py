"""Workers that stand still and come back: faults 8 and 9."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from faults.harness.stage import LEASE, RECOVERY, Stage
from faults.harness.worker_process import WorkerProcess


def test_a_worker_that_was_paused_past_its_lease_is_fenced(stage: Stage) -> None:
    """Fault 8: SIGSTOP, the jobs move, SIGCONT: one completion, the newer one, and the worker goes on under a new name."""
    with stage.start_worker() as paused:
        paused.ready()
        jobs = [stage.submit("step", {"seconds": 1.5}), stage.submit("thread_step", {"seconds": 1.5})]
        for job in jobs:
            stage.until_started(job)
        paused.send(signal.SIGSTOP, to_all=True)
        stopped = time.monotonic()
        with stage.start_worker() as other:
            again = [stage.until_started(job, 2) for job in jobs]
            assert all(start["t"] - stopped < RECOVERY + 2 for start in again), "with the start of a process"
            assert [start["crashes"] for start in again] == [1, 1]
            paused.send(signal.SIGCONT, to_all=True)
            assert stage.until_ended(*jobs) == ["completed"] * 2
            paused.wait_for("lease_lost")
            results = [stage.snapshot().result(job)["fence"] for job in jobs]
            assert results == [start["fence"] for start in again]
            other.terminate()
            assert other.wait() == 0
        later = stage.submit("step")
        assert stage.until_ended(later) == ["completed"], "it goes on by itself"
        refused = [*paused.events("result_refused"), *paused.events("run_stopped")]
        assert {line["job_id"] for line in refused} == set(jobs), "the log says what became of both"
        assert stage.judge() == []


Crew = tuple[Stage, WorkerProcess, WorkerProcess]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Two workers for the tests of what holds a process up."""
    with (
        Stage(tmp_path_factory.mktemp("held")) as stage,
        stage.start_worker() as worker,
        stage.start_worker() as other,
    ):
        worker.ready()
        other.ready()
        yield stage, worker, other


def test_a_handler_that_blocks_the_event_loop_keeps_its_lease(crew: Crew) -> None:
    """Fault 9: three leases in time.sleep: no job of that worker runs twice, and the log has the job and its stack."""
    stage, worker, other = crew
    job = stage.submit("blocking", {"seconds": 3 * LEASE})
    neighbours = [stage.submit("thread_step", {"seconds": 3 * LEASE}) for _ in range(3)]
    assert stage.until_ended(job, *neighbours) == ["completed"] * 4
    assert [len(stage.entries("start", each)) for each in (job, *neighbours)] == [1] * 4
    blocked = [*worker.events("event_loop_blocked"), *other.events("event_loop_blocked")]
    assert job in {line["job_id"] for line in blocked}
    assert "time.sleep" in blocked[0]["stack"]
    assert not [*worker.events("worker_lost"), *other.events("worker_lost")]
    assert stage.judge() == []


@pytest.mark.parametrize("handler", ["regex_async", "regex_thread"])
def test_a_held_interpreter_lock_is_fenced_and_explained(crew: Crew, handler: str) -> None:
    """A catastrophic regular expression over three leases: perhaps two runs, exactly one completion, and the stack."""
    stage, worker, other = crew
    job = stage.submit(handler, {"seconds": 3 * LEASE})
    first = stage.until_started(job)
    holder = worker if first["pid"] in {each.pid for each in worker.family()} else other

    def explained() -> list[str]:
        lines = holder.events("interpreter_blocked")
        return [line["stack"] for line in lines if job in line["job_ids"]]

    stacks = stage.until(explained, "the log says who holds the lock")
    assert "hold_interpreter_lock" in stacks[0]
    assert stage.until_ended(job) == ["completed"]
    stage.until(
        lambda: len(stage.entries("end", job)) == len(stage.entries("start", job)), "every run has ended"
    )
    if len(stage.entries("start", job)) > 1:
        holder.wait_for("lease_lost")
    assert stage.judge() == []
