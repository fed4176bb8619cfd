"""A scheduler that was down over due instants: fault 32. The server's clock is set, so that an hour takes no time."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from faults.harness.shifted_clock import ShiftedClock
from faults.harness.stage import Stage
from support.valkey_process import ValkeyProcess

EVERY = 10
"""Minutes."""
PLANS: dict[str, dict[str, Any]] = {
    "none": {"misfire": "skip", "grace": "1s"},
    "none-but-in-time": {"misfire": "skip", "grace": "15m"},
    "latest": {"misfire": "run_once", "grace": "1s"},
    "all-in-time": {"misfire": "run_once", "grace": "2h"},
    "all": {"misfire": "run_all", "grace": "1s", "backlog": 1000},
    "backlog": {"misfire": "run_all", "grace": "1s", "backlog": 2},
}
DUE_WHILE_DOWN = [2, 3, 4, 5, 6, 7]
"""Instants, counted from 1 for the first after the schedule was made."""
FIRED = {
    "none": [],
    "none-but-in-time": [6, 7],
    "latest": [7],
    "all-in-time": DUE_WHILE_DOWN,
    "all": DUE_WHILE_DOWN,
    "backlog": [6, 7],
}


class Counted:
    """The instants of the plans as numbers: the first after a schedule was made is 1."""

    def __init__(self, stage: Stage, clock: ShiftedClock) -> None:
        self._stage, self._clock = stage, clock
        first = {name: stage.service.get_schedule(name).next_due for name in PLANS}
        self._first = {name: at for name, at in first.items() if at is not None}

    def set_clock(self, number: int) -> None:
        """The server's clock shows some seconds after the instant of this number; who waits is told."""
        self._clock.step(number * EVERY * 60 + 30)
        self._stage.service.schedule_recurring("a-new-one-wakes", "step", every="24h")

    def ledger(self, name: str, outcome: str) -> list[int]:
        """The numbers of the instants with this outcome; one that stands for several that were missed is each of them."""
        found: list[int] = []
        for entry in self._stage.service.schedule_history(name, 100):
            if entry.outcome == outcome:
                number = self._number(name, entry.instant)
                found += range(number - entry.count + 1, number + 1)
        return sorted(found)

    def have_settled(self, number: int) -> bool:
        """Whether every plan has come past that instant."""
        return all(
            (entry := self._stage.service.get_schedule(name)).next_due is not None
            and self._number(name, entry.next_due) > number
            for name in PLANS
        )

    def _number(self, name: str, instant: int) -> int:
        return 1 + (instant - self._first[name]) // (EVERY * 60_000)


def test_a_scheduler_that_was_down_does_what_each_policy_says(tmp_path: Path) -> None:
    """None, the latest, all, or the latest of all up to the backlog; the others are noted as missed. Then on time again."""
    clock = ShiftedClock(tmp_path)
    server = ValkeyProcess(tmp_path, environment=clock.environment)
    with Stage(tmp_path, server=server) as stage:
        for name, plan in PLANS.items():
            stage.service.schedule_recurring(name, "step", {}, every=f"{EVERY}m", **plan)
        counted = Counted(stage, clock)
        with stage.start_worker() as worker:
            worker.ready()
            counted.set_clock(1)
            stage.until(partial(counted.have_settled, 1), "each fires its first instant")
            stage.kill(worker)
        counted.set_clock(DUE_WHILE_DOWN[-1])
        with stage.start_worker() as worker:
            stage.until(partial(counted.have_settled, DUE_WHILE_DOWN[-1]), "each policy is applied")
            counted.set_clock(8)
            stage.until(partial(counted.have_settled, 8), "each fires on")
            stage.drain()
            for name, numbers in FIRED.items():
                # the first and the last are half a minute late, which a grace of a second does not cover
                live = [] if PLANS[name] == PLANS["none"] else [1, 8]
                assert counted.ledger(name, "fired") == sorted([*live, *numbers]), name
                assert counted.ledger(name, "missed") == sorted(
                    {1, *DUE_WHILE_DOWN, 8} - {*live, *numbers}
                ), name
            for name in ("all", "all-in-time"):
                stage.cadences[name] = EVERY * 60_000
            assert stage.judge() == []
            worker.terminate()
            assert worker.wait() == 0
