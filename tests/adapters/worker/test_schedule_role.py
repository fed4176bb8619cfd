"""The role that fires schedules: how it waits, is woken, fails and stops."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import AsyncBackgroundJobService, JobContext, ServerUnavailable, job_handler
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.adapters.worker.role import RoleRunner
from hexjobs.adapters.worker.roles import FireSchedules
from support.frozen_clock import FrozenClock
from support.run import run
from support.until import until
from support.worker_harness import container_with, handler_module


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


class Waits:
    """A scheduler that asks for certain waits, and a store at which each ends as it is told: the clock, or the bell."""

    def __init__(self, *waits: float) -> None:
        self.clock = FrozenClock()
        self._waits = iter(waits)
        self.asked: list[float] = []
        self.passes = 0
        self.rings_after: float | None = None

    async def run_due(self) -> float:
        """The next of the waits."""
        self.passes += 1
        return next(self._waits)

    async def wait(self, longest: timedelta) -> None:
        """Let the time pass, up to the ring of the bell."""
        self.asked.append(longest.total_seconds())
        whole = longest.total_seconds() if self.rings_after is None else self.rings_after
        self.clock.advance(whole)

    def role(self, longest: timedelta = timedelta(seconds=20)) -> FireSchedules:
        """A role on both."""
        return FireSchedules(self, self, self.clock, longest)  # type: ignore[arg-type]  # all that it asks for


def test_a_scheduler_waits_at_the_store_and_the_last_part_by_itself() -> None:
    """A server ends a wait late; so the runner rests for the rest, to the millisecond. Then it looks."""

    async def scenario() -> None:
        waits = Waits(0.0, 7.5, 0.08, 20.0)
        role = waits.role()
        assert [await role.step(), await role.step()] == [0.0, 0.0]
        assert (waits.passes, waits.asked) == (2, [])
        assert await role.step() == pytest.approx(0.1)
        assert waits.asked == pytest.approx([7.4])
        assert waits.passes == 2
        assert await role.step() == pytest.approx(0.08)
        assert [await role.step(), waits.passes] == [0.0, 4]
        assert await role.step() == pytest.approx(0.1)
        assert waits.asked == pytest.approx([7.4, 19.9])

    run(scenario())


def test_the_bell_lets_it_look_at_once() -> None:
    """Before the time is over it was no other; after it a look is due anyway."""

    async def scenario() -> None:
        waits = Waits(20.0, 20.0, 20.0)
        role = waits.role()
        await role.step()
        for rings_after in (3.0, 25.0):
            waits.rings_after = rings_after
            passes = waits.passes
            assert await role.step() == 0.0
            assert waits.passes == passes + 1

    run(scenario())


def test_after_a_failure_it_looks_at_once_and_so_shows_that_it_is_well() -> None:
    """A wait of twenty seconds would keep a worker ill for as long after its server is back."""

    async def scenario() -> None:
        waits = Waits(20.0, 20.0)
        role, wait = waits.role(), waits.wait

        async def fails(longest: timedelta) -> None:
            raise ServerUnavailable("gone")

        await role.step()
        waits.wait = fails  # type: ignore[method-assign]  # an outage
        with pytest.raises(ServerUnavailable):
            await role.step()
        waits.wait = wait  # type: ignore[method-assign]  # its end
        assert await role.step() == 0.0
        assert (waits.passes, waits.asked) == (2, [])

    run(scenario())


def test_it_waits_no_longer_than_its_process_may_be_silent() -> None:
    """A worker that counts as stuck after twelve seconds looks four times in them, and asks for schedules three times."""

    async def scenario(handlers: str) -> None:
        waits = Waits(20.0)
        role = waits.role(longest=timedelta(seconds=5))
        assert [await role.step(), await role.step()] == [0.0, pytest.approx(0.1)]
        assert waits.asked == pytest.approx([4.9])
        for stuck_after, fetch, longest in (("12s", 3, 4), ("60s", 8, 20)):
            container = container_with(handlers, worker_pool={"stuck_after": stuck_after})
            assert container.fetch().wait == timedelta(seconds=fetch)
            assert container.schedule_role().longest == timedelta(seconds=longest)

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_stopping_does_not_wait_for_a_scheduler_that_waits() -> None:
    """At the store, for twenty seconds."""

    async def scenario(handlers: str) -> None:
        container = container_with(handlers)
        role = container.schedule_role()
        runner = RoleRunner(role, container.clock())
        runner.start()
        await until(lambda: bool(container.memory().schedules.bell._waiting))
        await asyncio.wait_for(runner.stop(), 1)

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_a_schedule_that_is_added_ends_the_wait_and_fires_on_time() -> None:
    """By a running worker; nobody looks every now and then."""

    async def scenario(handlers: str) -> None:
        container = container_with(handlers)
        service = AsyncBackgroundJobService(container)
        runner = RoleRunner(container.schedule_role(), container.clock())
        runner.start()
        await until(lambda: bool(container.memory().schedules.bell._waiting))
        await service.schedule_recurring("s", noop, {}, every="1s")
        await until(lambda: bool(container.memory().jobs))
        await runner.stop()

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_the_collecting_role_reads_the_schedules() -> None:
    """With the store's own figures."""

    async def scenario(handlers: str) -> None:
        container = container_with(handlers)
        service = AsyncBackgroundJobService(container)
        await service.schedule_recurring("s", noop, {}, every="1h")
        await container.collect().step()
        metrics = container.metrics()
        assert isinstance(metrics, PrometheusJobMetrics)
        text = metrics.render()[0].decode()
        assert 'hexjobs_schedule_next_due_timestamp_seconds{schedule="s"}' in text

    with handler_module(noop) as handlers:
        run(scenario(handlers))
