"""The cron scheduler on the in-memory store and a frozen clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dependency_injector import providers

from hexjobs import AsyncBackgroundJobService, JobContext, job_handler
from hexjobs.adapters.scheduler.cron_scheduler import fire_id
from hexjobs.application.messages import to_instant, to_milliseconds
from hexjobs.container import Container
from support.frozen_clock import FrozenClock
from support.run import run
from support.worker_harness import container_with, handler_module


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


def frozen(handlers: str, start: datetime) -> tuple[Container, FrozenClock]:
    """A container whose clock stands still at `start`."""
    container, clock = container_with(handlers), FrozenClock(start)
    container.clock.override(providers.Object(clock))
    return container, clock


def test_a_due_instant_makes_one_job_however_many_schedulers_look() -> None:
    """The id tells schedule and instant; the next instant follows."""

    async def scenario(handlers: str) -> None:
        container, clock = frozen(handlers, datetime(2026, 3, 1, 1, 59, tzinfo=UTC))
        scheduler = container.access.scheduler()
        async with AsyncBackgroundJobService(container) as jobs:
            await jobs.schedule_recurring("nightly", noop, {}, cron="0 2 * * *", priority="high")
            assert await scheduler.run_due() > 0
            clock.advance(60)
            for _ in range(3):
                await scheduler.run_due()
            [job] = await jobs.find_jobs()
            assert (job.job_id, job.priority.word) == ("schedule:nightly:2026-03-01T02:00:00Z", "high")
            assert job.created_at == clock.now()
            [entry] = await jobs.list_schedules()
            assert to_instant(entry.next_due) == datetime(2026, 3, 2, 2, tzinfo=UTC)
            assert to_instant(entry.last_fired or 0) == datetime(2026, 3, 1, 2, tzinfo=UTC)

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_the_next_look_is_at_the_turn_of_a_minute_at_the_latest() -> None:
    """Where every instant of cron lies, so that one which is added meanwhile is not late."""

    async def scenario(handlers: str) -> None:
        container, clock = frozen(handlers, datetime(2026, 3, 1, 1, 58, 15, tzinfo=UTC))
        scheduler = container.access.scheduler()
        assert await scheduler.run_due() == 20
        clock.advance(40.5)
        assert await scheduler.run_due() == 4.5
        async with AsyncBackgroundJobService(container) as jobs:
            await jobs.schedule_recurring("next", noop, {}, cron="59 1 * * *")
            clock.advance(4.5)
            assert await scheduler.run_due() == 0
            assert len(await jobs.find_jobs()) == 1

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_after_a_time_without_schedulers_it_fires_once() -> None:
    """The oldest missed instant makes a job, and the schedule goes on from the present."""

    async def scenario(handlers: str) -> None:
        container, clock = frozen(handlers, datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
        async with AsyncBackgroundJobService(container) as jobs:
            await jobs.schedule_recurring("hourly", noop, {}, cron="@hourly")
            clock.advance(timedelta(hours=10).total_seconds())
            while await container.access.scheduler().run_due() == 0:
                pass
            assert len(await jobs.find_jobs()) == 1
            [entry] = await jobs.list_schedules()
            assert to_instant(entry.next_due) == datetime(2026, 3, 1, 11, tzinfo=UTC)

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_local_times_at_clock_changes() -> None:
    """A local time in the gap fires at its end; one that exists twice fires at the first only."""
    with handler_module(noop) as handlers:
        scheduler = container_with(handlers).access.scheduler()

    def following(after: datetime) -> datetime:
        return to_instant(scheduler.next_instant("30 2 * * *", "Europe/Berlin", to_milliseconds(after)))

    assert following(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    autumn = following(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert following(autumn) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_the_id_of_a_fire_is_a_job_id() -> None:
    """Every legal schedule name gives a legal id."""
    from hexjobs.domain.names import is_job_id

    assert is_job_id(fire_id("a" * 64, 4102444800000))
