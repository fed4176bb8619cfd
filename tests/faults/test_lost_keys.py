"""Keys that vanish under running workers: fault 27. The reconciler repairs or dead-letters; nothing is ever stuck."""

from __future__ import annotations

import random
from pathlib import Path

from faults.harness.stage import Stage
from hexjobs import JobNotFound

FAMILIES = (
    "data",
    "state",
    "queue",
    "delayed",
    "processing",
    "workers",
    "beats",
    "ready",
    "running",
    "fence",
    "idle",
    "pass",
)
ROUNDS = 4


def test_one_key_after_the_other(tmp_path: Path, seed: int) -> None:
    """A key at random, while jobs wait, wait for a time, and run; the check of the store finds nothing afterwards."""
    dice = random.Random(seed)
    settings = {"scheduler": {"cleanup_interval": "1s"}}
    with (
        Stage(tmp_path, jobs=settings, worker_pool={"worker_count": 2}) as stage,
        stage.start_worker() as worker,
    ):
        worker.ready()
        families = dice.sample(FAMILIES, ROUNDS)
        lost: list[str] = []
        with stage.server.client() as client:
            for family in families:
                running = [stage.submit("gated") for _ in range(2)]
                for job in running:
                    stage.until_started(job)
                others = [stage.submit("step") for _ in range(2)] + [stage.submit("step", delay=0.5)]
                keys = sorted(client.scan_iter(f"jobs:{family}*", count=1000))
                if keys:
                    lost.append(dice.choice(keys).decode())
                    client.delete(lost[-1])
                for job in running:
                    (stage.journals / f"go-{job}").touch()
                for job in (*running, *others):
                    stage.until(lambda job=job: is_over(stage, job), f"{job} is over; lost were {lost}")  # type: ignore[misc]  # the default binds the job
        stage.until(
            lambda: not stage.service.check_store().found, f"nothing is left to repair; lost were {lost}"
        )
        assert stage.until_ended(stage.submit("step")) == ["completed"]


def is_over(stage: Stage, job: str) -> bool:
    """Whether a job has ended, or is known no more: whose data were lost it says."""
    try:
        return stage.service.get_job_status(job).value in ("completed", "failed", "cancelled")
    except JobNotFound:
        return True
