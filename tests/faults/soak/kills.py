"""Kills: SIGKILL after SIGKILL of workers at the default lease, under a steady load of so many jobs."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from faults.harness.checker import recoveries
from faults.harness.stage import Stage

LEASE = 6.0
RECOVERY = 10.0
"""What is promised at the defaults: a killed worker's jobs start again within ten seconds."""
SECONDS_BETWEEN = 1.2
BATCH = 20
MOST_VICTIMS = 3


class Kills:
    """One run of so many kills over so many jobs. `counts`, `figures` and `wrong` are what it came to.

    One worker lives through all of it: a beat must be seen to stand still for a whole lease, by somebody who lives as long.
    """

    def __init__(self, folder: Path, seed: int, kills: int, jobs: int) -> None:
        self._dice = random.Random(seed)
        self._kills, self._jobs = kills, jobs
        self._folder = folder
        self.counts: Counter[str] = Counter()
        self.figures: dict[str, str] = {}
        self.wrong: list[str] = []

    def run(self) -> None:
        """Submit evenly between the kills, drain, judge."""
        with Stage(
            self._folder, worker_pool={"lease": f"{LEASE:g}s", "worker_count": 10, "crash_limit": 1000}
        ) as stage:
            stage.start_worker().ready()
            victims = [stage.start_worker().ready() for _ in range(min(MOST_VICTIMS, self._kills))]
            submitted = 0
            for kill in range(1, self._kills + 1):
                ends = time.monotonic() + SECONDS_BETWEEN
                while submitted < self._jobs * kill // self._kills:
                    self._submit(stage)
                    submitted += BATCH
                time.sleep(max(0.0, ends - time.monotonic()))
                stage.kill(victims.pop(self._dice.randrange(len(victims))))
                victims.append(stage.start_worker())
            stage.drain(180)
            self.wrong = stage.judge(recovery_seconds=RECOVERY)
            evidence = stage.evidence()
        states = evidence.store.states.values()
        seconds = [late for _, late in recoveries(evidence)]
        self.counts.update({"acknowledged submits": submitted, "refused submits": 0, "cancels": 0})
        self.counts.update(state["status"] for state in states)
        self.counts["runs"] = sum(1 for entry in evidence.entries if entry["event"] == "start")
        self.counts["crashes"] = sum(int(state.get("crashes", 0)) for state in states)
        self.figures[f"of {self._kills} kills at a lease of {LEASE:g} s over {submitted:,} jobs"] = (
            f"{len(seconds):,} interrupted runs, the slowest new start after {max(seconds, default=0):.1f} s"
        )

    def _submit(self, stage: Stage) -> None:
        jobs = [f"kills-{self._dice.getrandbits(96):024x}" for _ in range(BATCH)]
        for job in jobs:
            stage.producer.write("submit", job=job)
        stage.service.submit_jobs(
            [
                (
                    self._dice.choice(("step", "thread_step")),
                    {"seconds": self._dice.random() * 0.2},
                    {"job_id": job},
                )
                for job in jobs
            ]
        )
        for job in jobs:
            stage.producer.write("acknowledged", job=job)
