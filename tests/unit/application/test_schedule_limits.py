"""Limits and ends of schedules: what counts, and what comes after the last fire."""

from __future__ import annotations

from structlog.testing import capture_logs

from support.run import run
from support.scheduling import Scheduling


def test_a_limit_counts_fires_only() -> None:
    """What was missed or skipped does not count; then the schedule has ended."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", limit=3)
        await at.after(10 * 60)
        assert (await at.entry()).fired == 1
        assert await at.after(3600) == ["12:10:00", "13:10:00"]
        assert await at.next_due() is not None
        assert await at.after(300) == ["12:10:00", "13:10:00", "13:15:00"]
        assert await at.next_due() is None
        assert await at.scheduler() == 20
        assert await at.schedules.coming("s", 5) == []

    run(scenario())


def test_a_backlog_ends_at_the_limit() -> None:
    """The earliest of those that are to fire do."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", limit=3, misfire="run_all", backlog=5)
        assert await at.after(600) == ["12:06:00", "12:07:00", "12:08:00"]
        assert await at.next_due() is None

    run(scenario())


def test_a_limit_with_skipped_instants_is_reached_by_fires() -> None:
    """A claim that came to nothing does not end it; after the last fire the next claim does, and notes nothing."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", limit=2, overlap="skip")
        await at.after(60)
        with capture_logs() as logs:
            assert await at.after(60) == ["12:01:00"]
        assert [line["event"] for line in logs] == ["schedule_skipped"]
        assert (logs[0]["schedule"], logs[0]["job_id"]) == ("s", "schedule:s:2026-03-01T12:02:00Z")
        assert at.metrics.skipped == ["s"]
        await at.run_next()
        assert await at.after(60) == ["12:01:00", "12:03:00"]
        await at.run_next()
        assert await at.after(60) == ["12:01:00", "12:03:00"]
        entry = await at.entry()
        assert (entry.fired, entry.skipped, entry.missed, entry.next_due) == (2, 1, 0, None)
        assert len(await at.store.history("s", 9)) == 3

    run(scenario())


def test_an_instant_that_waits_for_a_job_counts_towards_the_limit() -> None:
    """It will fire; so none follows it."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", limit=2, overlap="queue_one")
        await at.after(60)
        with capture_logs() as logs:
            await at.after(60)
        assert [(line["event"], line["job_id"]) for line in logs] == [
            ("schedule_queued", "schedule:s:2026-03-01T12:02:00Z")
        ]
        await at.after(60)
        assert await at.next_due() is None
        assert await at.schedules.coming("s", 3) == []
        await at.run_next()
        at.clock.advance(30)
        with capture_logs() as logs:
            await at.drain()
        assert [(line["event"], line["late_seconds"]) for line in logs] == [("schedule_fired", 90.0)]
        assert at.metrics.late[-1] == ("s", 90.0)
        assert (await at.entry()).fired == 2

    run(scenario())


def test_after_the_end_nothing_fires() -> None:
    """Also where nobody was there at the last instants: the policy knows them."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", end="2026-03-01T12:05")
        assert await at.after(3600) == ["12:05:00"]
        assert (await at.entry()).missed == 4
        assert await at.next_due() is None

    run(scenario())
