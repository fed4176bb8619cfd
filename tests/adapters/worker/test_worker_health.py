"""Health is by progress: of every duty, not of the fetch alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from hexjobs.adapters.worker.role import RoleRunner
from hexjobs.adapters.worker.worker_health import worker_health
from hexjobs.ports.worker import PoolStatistics
from support.frozen_clock import FrozenClock
from support.run import run
from support.until import until

NOW, LIMIT = 1000.0, 60.0


@dataclass
class Duty:
    """One that stands where it is told to."""

    name: str
    advanced: float = NOW
    tried: float = NOW
    failure: str | None = None


@dataclass
class Pool:
    """Slots of which one is free since then, or none."""

    free_since: float | None = 0.0
    zombies: int = 0
    has_too_many_zombies: bool = False

    def statistics(self) -> PoolStatistics:
        """Only the zombies matter."""
        return PoolStatistics(5, 0, 0, 0, 0, 0, 0, 0, 0, self.zombies)

    def slots(self) -> list[Any]:
        """None to tell of."""
        return []


def health(*duties: Duty, pool: Any = None) -> Any:
    """Now."""
    slots: Any = pool or Pool()
    return worker_health("worker-1", duties, slots, NOW, LIMIT)


@pytest.mark.parametrize("name", ["fetch", "lease", "sweep"])
def test_any_duty_that_neither_advances_nor_tries_is_stuck(name: str) -> None:
    """After `stuck_after`, and not before."""
    well = Duty("collect")
    assert health(well, Duty(name, NOW - LIMIT, NOW - LIMIT)).is_healthy
    stuck = health(well, Duty(name, NOW - 61, NOW - 62))
    assert stuck.reasons == (f"{name}: no progress for 61 s",)
    assert (stuck.details["stuck"], stuck.details["recycle"]) == (True, None)
    assert stuck.details["roles"][name] == {"advanced_seconds_ago": 61.0, "failure": None}


def test_one_that_tries_in_vain_is_ill_and_not_stuck() -> None:
    """An unreachable server is no reason to restart."""
    ill = health(Duty("lease", advanced=0.0, failure="no answer"))
    assert ill.reasons == ("lease: no answer",)
    assert ill.details["stuck"] is False


@pytest.mark.parametrize(("free_since", "stuck"), [(None, False), (NOW - 30, False), (NOW - 61, True)])
def test_a_fetch_may_wait_for_a_slot(free_since: float | None, stuck: bool) -> None:
    """Only while none is free; from then on its time runs."""
    found = health(Duty("fetch", 0.0, 0.0), pool=Pool(free_since))
    assert found.details["stuck"] is stuck


def test_zombies_beyond_the_limit() -> None:
    """Red, to be recycled, and not stuck: the other slots go on."""
    found = health(pool=Pool(zombies=7, has_too_many_zombies=True))
    assert found.reasons == ("slots: 7 runs that were stopped go on, more than are replaced",)
    assert (found.details["stuck"], found.details["recycle"]) == (False, "zombies")


def test_a_duty_that_rests_by_its_own_wish_is_not_stuck() -> None:
    """A role that wants its next step in an hour has an hour, and `stuck_after` on top of it."""

    class Sleepy:
        name = "sleepy"
        steps = 0

        async def step(self) -> float:
            self.steps += 1
            return 3600.0

    async def scenario() -> None:
        clock, role = FrozenClock(), Sleepy()
        runner = RoleRunner(role, clock)
        runner.start()
        await until(lambda: role.steps == 1)
        await asyncio.sleep(0)
        pool: Any = Pool()
        for after, stuck in ((3600.0, False), (60.0, False), (1.0, True)):
            clock.advance(after)
            found = worker_health("worker-1", [runner], pool, clock.monotonic(), LIMIT)
            assert found.details["stuck"] is stuck
        await runner.stop()

    run(scenario())
