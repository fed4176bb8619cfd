"""Roles one step at a time, and the runner that repeats them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import JobContext, JobStatus, ServerUnavailable, job_handler
from hexjobs.adapters.worker.role import RoleRunner
from hexjobs.ports.job_store import JobQuery
from support.frozen_clock import FrozenClock
from support.run import run
from support.until import until
from support.worker_harness import container_with, handler_module


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


class FailsTwice:
    """A role whose first two steps fail."""

    name = "fails"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.steps = 0

    async def step(self) -> float:
        """Fail, fail, then go on and on."""
        self.steps += 1
        if self.steps <= 2:
            raise self.error
        return 0.0 if self.steps < 5 else 3600.0


@pytest.mark.parametrize("error", [ServerUnavailable("away"), ZeroDivisionError("bug")])
def test_a_step_that_fails_is_repeated_and_told(error: Exception) -> None:
    """With a pause that health can see; a later success clears it."""

    async def scenario() -> None:
        clock, role = FrozenClock(), FailsTwice(error)
        runner = RoleRunner(role, clock)
        clock.advance(5)
        runner.start()
        await until(lambda: role.steps == 1)
        assert runner.failure == str(error)
        assert (runner.advanced, runner.tried) == (0.0, 5.0)
        await until(lambda: role.steps == 5)
        assert runner.advanced == 5.0
        assert not runner.failure
        await runner.stop()
        await runner.stop()

    run(scenario())


def test_what_was_fetched_while_stopping_is_given_back() -> None:
    """A fetch that was on its way brings jobs that no one will run here: they are pending again, no attempt spent."""

    async def scenario(handlers: str) -> None:
        container = container_with(handlers)
        fetch, queue = container.fetch(), container.access.queue()
        jobs = container.access.use_cases()
        await jobs.submit.many([("noop", {}), ("noop", {})])

        class StopsMeanwhile:
            settle = queue.settle

            async def dequeue(self, *arguments: Any) -> Any:
                fetch.stopping = True
                return await queue.dequeue(*arguments)

        stopping: Any = StopsMeanwhile()
        fetch.queue = stopping
        assert await fetch.step() == 0
        assert container.pool().busy == 0
        found = await jobs.queries.find(JobQuery(status=JobStatus.PENDING))
        assert [(job.attempt, job.reason) for job in found] == [(0, "worker_stopped")] * 2
        fetch.stopping = True
        assert await fetch.step() == 0

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_the_sweep_keeps_no_more_completed_jobs_than_allowed() -> None:
    """And says when it wants to run again."""

    async def scenario(handlers: str) -> None:
        container = container_with(
            handlers, retention={"completed_max": 0}, scheduler={"cleanup_interval": "7s"}
        )
        sweep = container.sweep()
        assert await sweep.step() == 7.0
        assert (sweep.max_completed, sweep.interval) == (0, timedelta(seconds=7))

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_stopping_does_not_wait_for_a_pause() -> None:
    """A role that wants its next step in an hour ends at once."""

    class Sleepy:
        name = "sleepy"

        async def step(self) -> float:
            return 3600.0

    async def scenario() -> None:
        runner = RoleRunner(Sleepy(), FrozenClock())
        runner.start()
        await asyncio.sleep(0)
        await asyncio.wait_for(runner.stop(grace_seconds=5), 1)

    run(scenario())
