"""Cancels that race with everything else: fault 42. One terminal state, and no run begins after a cancel was answered."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

from faults.harness.stage import Stage

JOBS = 150
SLACK = 0.5
"""Seconds between the hand-out of a job and its handler's first journal line, on a busy machine."""


def cancel(stage: Stage, job: str) -> bool:
    """Cancel a job, journalled."""
    answer = stage.service.cancel_job(job)
    stage.producer.write("cancelled", job=job, answer=answer)
    return answer


def test_cancels_race_with_start_finish_retry_and_lost_leases(stage: Stage, seed: int) -> None:
    """Whoever wins, there is one winner: each job ends once, also where the worker is killed under a cancelled job."""
    dice = random.Random(seed)
    jobs: list[str] = []
    answers: dict[str, bool] = {}
    with stage.start_worker() as victim, stage.start_worker() as other:
        victim.ready()
        other.ready()
        for number in range(JOBS):
            payload = {"seconds": dice.choice((0.0, 0.02, 0.2)), "failures": dice.choice((0, 0, 1, 2))}
            delay = {"delay": 0.1} if dice.random() < 0.2 else {}
            jobs.append(stage.submit(dice.choice(("step", "thread_step", "later")), payload, **delay))
            if dice.random() < 0.6:
                job = dice.choice(jobs[-8:])
                answers[job] = cancel(stage, job) or answers.get(job, False)
            if number == JOBS // 2:
                stage.kill(victim)
        stage.drain()
        assert stage.judge() == []
    store = stage.snapshot()
    statuses = {job: store.states[job]["status"] for job in jobs}
    assert set(statuses.values()) <= {"completed", "cancelled"}
    assert {"completed", "cancelled"} <= {statuses[job] for job, answer in answers.items() if answer}, (
        "both win"
    )
    assert all(answers.get(job) for job, status in statuses.items() if status == "cancelled")
    assert late_starts(stage.entries()) == []


def late_starts(entries: list[Mapping[str, Any]]) -> list[str]:
    """The jobs that began a run after somebody was told that they are cancelled."""
    told = {
        entry["job"]: entry["t"]
        for entry in reversed(entries)
        if entry["event"] == "cancelled" and entry["answer"]
    }
    return [
        entry["job"]
        for entry in entries
        if entry["event"] == "start" and entry["t"] > told.get(entry["job"], entry["t"]) + SLACK
    ]


def test_a_cancel_survives_the_server_and_the_worker(stage: Stage) -> None:
    """Answered before SIGKILL of both: afterwards the waiting job never runs, and the running one runs no further."""
    with stage.start_worker() as worker:
        worker.ready()
        running = stage.submit("gated")
        stage.until_started(running)
        waiting = stage.submit("step", delay=1.0)
        assert cancel(stage, waiting)
        stage.kill(worker)
        assert cancel(stage, running)
        stage.server.kill()
        stage.server.start()
    with stage.start_worker() as worker:
        worker.ready()
        assert stage.until_ended(waiting, running) == ["cancelled"] * 2
        time.sleep(1.2)  # in which the waiting job would have become due
        assert stage.entries("start", waiting) == []
        assert len(stage.entries("start", running)) == 1
        assert stage.judge() == []
