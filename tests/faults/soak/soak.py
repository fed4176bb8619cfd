"""Soak: rounds of load under random faults; after each a drain, the checker's verdict, and a look at what has grown."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from faults.harness.checker import PERMANENT, left_over, recoveries
from faults.harness.fault_schedule import FaultSchedule, PlannedFault
from faults.harness.stage import LEASE, RECOVERY, Stage
from faults.soak.load import Load
from faults.soak.random_faults import KINDS, RandomFaults
from faults.soak.server_usage import ServerUsage
from faults.soak.usage import Usage

ROUND_SECONDS = 60.0
OF_LIVING_WORKERS = {"idle", "mailbox", "waiters"}
SCHEDULES: dict[str, dict[str, Any]] = {
    "each-second": {"every": "1s"},
    "by-cron": {"cron": "* * * * * *", "jitter": "400ms"},
}
"""They leave no instant out, whatever happens."""
MOST_GROWTH = 8.0
MOST_DESCRIPTORS = 4
RECOVERY_AMONG_FAULTS = RECOVERY + 12.0
"""Another fault may put a recovery off: by its length, and by a bounded read of a connection that is silent."""


class Soak:
    """One run. `counts`, `faults`, `figures` and `wrong` are what it came to."""

    def __init__(self, folder: Path, seed: int, *, rate: float = 60.0, victims: int = 2) -> None:
        self._seed, self._rate = seed, rate
        pool = {"crash_limit": 1_000_000, "worker_count": 8}
        self.stage = Stage(
            folder, seed=seed, worker_pool=pool, jobs={"scheduler": {"cleanup_interval": "5s"}}
        )
        self._victims = victims
        self._usages = [Usage("the worker"), Usage("its parent")]
        self._server = ServerUsage()
        self._slowest = 0.0
        self.counts: Counter[str] = Counter({"acknowledged submits": 0, "completed": 0, "runs": 0})
        self.faults: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self, seconds: float, round_seconds: float = ROUND_SECONDS) -> None:
        """Rounds until the time is over; stops at the first one with something wrong."""
        planned = iter(FaultSchedule(self._seed, KINDS, 0.3, 2.0))
        with self.stage:
            faults = RandomFaults(self.stage, self._victims)
            self.faults = faults.counts
            begin = time.monotonic()
            number = 0
            while not self.wrong and (number == 0 or time.monotonic() - begin < seconds):
                left = max(seconds - (time.monotonic() - begin), 5.0)
                self._round(faults, planned, min(round_seconds, left), number)
                if self.wrong:
                    return  # with everything as it was found
                self._look(faults, time.monotonic() - begin)
                number += 1
        for usage in self._usages:
            self.wrong += usage.problems(MOST_GROWTH, MOST_DESCRIPTORS)
        self.wrong += self._server.problems()

    @property
    def figures(self) -> dict[str, str]:
        """For the report."""
        figures = {name: value for usage in self._usages for name, value in usage.figures().items()}
        if not self._server.keys:
            return figures
        figures |= self._server.figures()
        figures["slowest new start after a kill among other faults"] = (
            f"{self._slowest:.1f} s, at a lease of {LEASE:g} s"
        )
        return figures

    def _round(
        self, faults: RandomFaults, planned: Iterator[PlannedFault], seconds: float, number: int
    ) -> None:
        for name, rhythm in SCHEDULES.items():
            self.stage.cadences[name] = 1000
            self.stage.service.schedule_recurring(
                name, "step", {}, misfire="run_all", backlog=1000, grace="1s", **rhythm
            )
        ends = time.monotonic() + seconds
        load = Load(self.stage, self._seed + number, self._rate)
        load.start()
        try:
            while time.monotonic() < ends:
                faults.do(next(planned))
        finally:
            load.stop()
        self.stage.proxy.replies_to_lose = 0
        for name in SCHEDULES:
            self.stage.until(partial(self._has_paused, name), f"{name} pauses")
        self.stage.drain(90)
        self.wrong += self.stage.judge(recovery_seconds=RECOVERY_AMONG_FAULTS)
        self._count(load)

    def _has_paused(self, name: str) -> bool:
        self.stage.service.pause_schedule(name)
        return True

    def _count(self, load: Load) -> None:
        evidence = self.stage.evidence()
        states = Counter(state["status"] for state in evidence.store.states.values())
        self.counts["fires of schedules"] += len(evidence.store.fired)
        self.counts["acknowledged submits"] += load.counts["acknowledged"]
        self.counts["refused submits"] += load.counts["refused"]
        self.counts["cancels"] += load.counts["cancels"]
        for status in ("completed", "cancelled", "failed"):
            self.counts[status] += states[status]
        self.counts["runs"] += sum(1 for entry in evidence.entries if entry["event"] == "start")
        self.counts["crashes"] += sum(
            int(state.get("crashes", 0)) for state in evidence.store.states.values()
        )
        self._slowest = max([self._slowest, *(seconds for _, seconds in recoveries(evidence))])

    def _look(self, faults: RandomFaults, seconds: float) -> None:
        """Forget what has ended, and see what stays."""
        for name in SCHEDULES:
            self.stage.service.remove_schedule(name)
        jobs = self.stage.snapshot().data
        for job in jobs:
            self.stage.service.delete_job(job)
        self.stage.forget()
        time.sleep(2 * LEASE)  # in which dead workers are taken over
        self.wrong += left_over(self.stage.snapshot(), PERMANENT | OF_LIVING_WORKERS)
        with self.stage.server.client() as client:
            self._server.take(client)
        parent = psutil.Process(faults.steady.pid)
        for usage, process in zip(self._usages, (faults.steady.runners()[0], parent), strict=True):
            usage.take(process, seconds)
