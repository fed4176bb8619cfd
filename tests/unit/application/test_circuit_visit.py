"""CircuitVisit: how a probe shows that it is alive, and what is told of a run that was stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hexjobs.application.circuit_visit import CircuitVisit
from hexjobs.application.job_context import JobContext
from hexjobs.application.run import Run, StopReason
from hexjobs.domain.errors import ServerUnavailable
from hexjobs.ports.circuits import CircuitRules, CircuitState, Passage
from support.run import run

RULES = CircuitRules(probe_lease=timedelta(seconds=15))


class Circuits:
    """Writes down what it is told; `answers` are those of `keep_probing`."""

    def __init__(self, *, is_probe: bool = True, answers: tuple[Any, ...] = ()) -> None:
        self.told: list[str] = []
        self._is_probe = is_probe
        self._answers = list(answers)

    async def enter(self, *_: object) -> Passage:
        """Through."""
        return Passage(CircuitState.HALF_OPEN, is_probe=self._is_probe)

    async def keep_probing(self, *_: object) -> bool:
        """The next answer."""
        self.told.append("alive")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    async def fail(self, *_: object) -> None:
        """Noted."""
        self.told.append("fail")

    async def succeed(self, *_: object) -> bool:
        """Noted."""
        self.told.append("succeed")
        return True

    async def abandon(self, *_: object) -> None:
        """Noted."""
        self.told.append("abandon")


def a_run() -> Run:
    """As much of a run as a visit looks at."""
    context = JobContext(
        job_id="job-1", job_type="charge", queue="default", attempt=1, max_retries=3, fence_token=1
    )
    delivery = SimpleNamespace(job_id="job-1", fence=1)
    return cast("Run", SimpleNamespace(delivery=delivery, context=context, stop_reason=None))


def stopped(running: Run, reason: StopReason) -> None:
    """Stop it as a worker does."""
    running.stop_reason = reason
    running.context.cancel()


def test_a_probe_says_that_it_is_alive() -> None:
    """Three times a lease; a server that is away for a moment does not end that, another probe does."""
    slept: list[float] = []
    ended = asyncio.Event()
    circuits = Circuits(answers=(True, ServerUnavailable(), True, False))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            asyncio.get_running_loop().call_soon(ended.set)

    async def scenario() -> None:
        visit = CircuitVisit(cast("Any", circuits), "stripe", RULES, a_run())
        await visit.enter()
        with visit.under_way(sleep):
            await ended.wait()
            await asyncio.sleep(0)

    run(scenario())
    assert slept == [5.0] * 4
    assert circuits.told == ["alive"] * 4


def test_other_runs_say_nothing() -> None:
    """A run through a closed circuit costs one question, and nothing more when it went well."""
    circuits = Circuits(is_probe=False)

    async def scenario() -> None:
        visit = CircuitVisit(cast("Any", circuits), "stripe", RULES, a_run())
        await visit.enter()
        with visit.under_way(asyncio.sleep):
            pass
        await visit.leave(well=True)
        await visit.leave(well=None)

    run(scenario())
    assert circuits.told == []


def _told(*, is_probe: bool, act: Callable[[CircuitVisit, Run], Any]) -> list[str]:
    circuits = Circuits(is_probe=is_probe)

    async def scenario() -> None:
        running = a_run()
        visit = CircuitVisit(cast("Any", circuits), "stripe", RULES, running)
        await visit.enter()
        with visit.under_way(asyncio.sleep):
            await act(visit, running)

    run(scenario())
    return circuits.told


@pytest.mark.parametrize(
    ("reason", "is_probe", "told"),
    [
        (StopReason.TIMEOUT, True, ["fail"]),
        (StopReason.TIMEOUT, False, ["fail"]),
        (StopReason.CANCELLED, True, ["abandon"]),
        (StopReason.CANCELLED, False, []),
        (StopReason.GIVEN_BACK, True, ["abandon"]),
        (StopReason.LEASE_LOST, True, ["abandon"]),
        (StopReason.DEADLINE, True, ["abandon"]),
        (StopReason.DEADLINE, False, []),
    ],
)
def test_a_stop_is_told_at_once_and_holds(reason: StopReason, is_probe: bool, told: list[str]) -> None:
    """Whatever the run comes to in the end, if it ends."""

    async def act(visit: CircuitVisit, running: Run) -> None:
        stopped(running, reason)
        for _ in range(3):
            await asyncio.sleep(0)
        assert visit._circuits.told == told  # type: ignore[attr-defined]  # the one that writes down
        await visit.leave(well=False)

    assert _told(is_probe=is_probe, act=act) == told


def test_what_is_told_first_holds() -> None:
    """A run tells once."""

    async def act(visit: CircuitVisit, _: Run) -> None:
        await visit.leave(well=True)
        await visit.leave(well=False)

    assert _told(is_probe=True, act=act) == ["succeed"]
