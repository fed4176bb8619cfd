"""The scheduler of a container: on its store, with its metrics and its configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from dependency_injector import providers

from hexjobs import AsyncBackgroundJobService, InvalidConfiguration, InvalidJob, JobContext, job_handler
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.application.messages import to_instant, to_milliseconds
from hexjobs.container import Container
from hexjobs.ports.schedule_entry import ScheduleEntry
from hexjobs.settings import load_settings
from hexjobs.testing import TestJobs
from support.frozen_clock import FrozenClock
from support.run import run
from support.worker_harness import handler_module

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


def container_of(handlers: str, **overrides: Any) -> tuple[Container, FrozenClock]:
    """A container in memory whose clock stands still at noon."""
    jobs = {"provider": "memory", "handlers": [handlers]}
    container = Container(settings=load_settings(None, environ={}, overrides={"jobs": jobs, **overrides}))
    clock = FrozenClock(NOON)
    container.clock.override(providers.Object(clock))
    return container, clock


def test_it_fires_through_the_ledger_and_measures_how_late() -> None:
    """However many schedulers look, an instant makes one job."""

    async def scenario(handlers: str) -> None:
        container, clock = container_of(handlers)
        scheduler = container.scheduler()
        async with AsyncBackgroundJobService(container) as jobs:
            await jobs.schedule_recurring("nightly", noop, {}, cron="0 2 * * *", priority="high")
            assert await scheduler.run_due() == 20
            clock.advance(14 * 3600 + 7)
            for each in (scheduler, container.access.scheduler(), scheduler):
                await each.run_due()
            [job] = await jobs.find_jobs()
            assert (job.job_id, job.priority.word) == ("schedule:nightly:2026-03-02T02:00:00Z", "high")
            assert job.created_at == clock.now()
        metrics = container.metrics()
        assert isinstance(metrics, PrometheusJobMetrics)
        text = metrics.render()[0].decode()
        assert 'hexjobs_schedule_fired_total{schedule="nightly"} 1.0' in text
        assert "hexjobs_schedule_late_seconds_sum 7.0" in text

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_next_due_is_that_of_the_entry_with_its_jitter_and_its_limit() -> None:
    """Local times at clock changes included; a definition that cannot be read is refused."""
    with handler_module(noop) as handlers:
        scheduler = container_of(handlers)[0].access.scheduler()

    def entry(**fields: Any) -> ScheduleEntry:
        return ScheduleEntry(name="s", envelope=msgspec.Raw(b"{}"), **fields)

    berlin = entry(cron="30 2 * * *", timezone="Europe/Berlin")
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert to_instant(scheduler.next_due(berlin, to_milliseconds(spring))) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )
    assert to_instant(scheduler.next_due(berlin, to_milliseconds(autumn))) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    every = entry(every=60_000, anchor=to_milliseconds(NOON), limit=2, fired=1)
    assert scheduler.next_due(every, to_milliseconds(NOON)) == to_milliseconds(NOON) + 60_000
    assert scheduler.next_due(msgspec.structs.replace(every, fired=2), to_milliseconds(NOON)) is None
    put_off = scheduler.next_due(msgspec.structs.replace(every, jitter=50_000), to_milliseconds(NOON))
    assert put_off is not None
    assert 0 < put_off - to_milliseconds(NOON) - 60_000 < 50_000
    with pytest.raises(InvalidJob, match="cron"):
        scheduler.next_due(entry(cron="61 * * * *"), 0)


def test_the_schedules_of_the_settings_are_applied() -> None:
    """With their plans and the options of their jobs."""
    schedule = {
        "type": "noop",
        "payload": {"n": 1},
        "every": "90s",
        "start": "2026-03-01T12:00:30",
        "timezone": "Europe/Berlin",
        "overlap": "skip",
        "priority": "low",
        "tags": ["t"],
    }

    async def scenario(handlers: str) -> None:
        container, clock = container_of(handlers, schedules={"s": schedule}, schedules_revision=3)
        scheduler = container.scheduler()
        assert await scheduler.run_due() == 0
        assert (await container.access.schedules().look(1)).revision == 3
        async with AsyncBackgroundJobService(container) as jobs:
            entry = await jobs.get_schedule("s")
            assert (entry.source, entry.overlap, entry.next_due) == (
                "config",
                "skip",
                to_milliseconds(NOON) + 30_000,
            )
            clock.advance(30)
            await scheduler.run_due()
            [job] = await jobs.find_jobs()
            assert (job.priority.word, job.options.tags, job.payload.value()) == ("low", ("t",), {"n": 1})

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_a_configured_job_that_could_not_be_submitted_here_stops_the_worker() -> None:
    """With the path of each key; where the scheduler is switched off nobody asks."""
    wrong = {
        "a": {"type": "nope", "every": "1s"},
        "b": {"type": "email", "payload": {"to": 7}, "every": "1s"},
        "c": {"type": "noop", "queue": "nowhere", "every": "1s"},
    }
    with handler_module(noop) as handlers:
        container, _ = container_of(handlers, schedules=wrong)
        with pytest.raises(InvalidConfiguration) as caught:
            container.worker()
        fields = [problem.field for problem in caught.value.problems]
        assert fields[0] == "schedules.a.type"
        assert fields[-1] == "schedules.c.queue"
        assert {field.rpartition(".")[0] for field in fields[1:-1]} == {"schedules.b.payload"}
        jobs = {"provider": "memory", "handlers": [handlers], "scheduler": {"enabled": False}}
        container, _ = container_of(handlers, schedules=wrong, jobs=jobs)
        container.worker()


def test_without_schedules_nothing_is_applied() -> None:
    """So a process that knows of none does not take those of others away."""

    async def scenario(handlers: str) -> None:
        container, _ = container_of(handlers)
        await container.scheduler().run_due()
        assert (await container.access.schedules().look(1)).revision is None

    with handler_module(noop) as handlers:
        run(scenario(handlers))


def test_a_drain_makes_what_is_due_and_runs_it() -> None:
    """The clock of a test is the store's."""
    with handler_module(noop) as handlers, TestJobs(handlers=[handlers]) as jobs:
        jobs.service.schedule_recurring("s", noop, {}, every="60s")
        assert [run.job.job_id for run in jobs.drain()] == []
        jobs.clock.advance(timedelta(seconds=61))
        (first,) = jobs.drain()
        assert first.job.job_id.startswith("schedule:s:")
        jobs.service.pause_schedule("s")
        jobs.clock.advance(60)
        assert list(jobs.drain()) == []


def test_a_drain_applies_the_configuration() -> None:
    """As a worker would at its first look."""
    settings = {"schedules.s.type": "noop", "schedules.s.every": "1h"}
    with handler_module(noop) as handlers, TestJobs(handlers=[handlers], settings=settings) as jobs:
        jobs.drain()
        jobs.clock.advance("1h")
        (first,) = jobs.drain()
        assert first.job.job_id.startswith("schedule:s:")
