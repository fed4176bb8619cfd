"""Schedules with jitter: when they fire, and what they are called."""

from __future__ import annotations

import pytest

from hexjobs.application.messages import to_milliseconds
from hexjobs.application.recurring.timetable_of import timetable_of
from support.run import run
from support.scheduling import NOON, Scheduling


def test_with_jitter_it_fires_when_it_is_due_and_is_named_after_its_instant() -> None:
    """Late is how long after the due instant; the grace counts from there as well."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", jitter="50s", misfire="skip", grace="1s")
        due = (await at.entry()).next_due or 0
        shift = due - at.milliseconds() - 60_000
        assert 1000 < shift < 50_000
        assert await at.after(60 + (shift - 1) / 1000) == []
        assert await at.scheduler() == 0.001
        assert await at.after(1.001) == ["12:01:00"]
        assert at.metrics.late == [("s", 1.0)]
        second = ((await at.entry()).next_due or 0) - at.milliseconds()
        assert await at.after(second / 1000 + 1.001) == ["12:01:00"]
        assert (await at.entry()).missed == 1

    run(scenario())


def test_after_an_outage_jitter_does_not_bring_what_is_not_due_yet() -> None:
    """The latest instant may lie before the present and be due after it."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="@hourly", jitter="59m", misfire="run_all")
        for quarter in range(1, 60):
            await at.after(900)
            due = (await at.entry()).next_due or 0
            assert at.milliseconds() < due < at.milliseconds() + 2 * 3_600_000, quarter
        fired = await at.fired()
        assert len(fired) in (14, 15)
        assert all(late < 900 for _, late in at.metrics.late)

    run(scenario())


@pytest.mark.parametrize("misfire", ["run_once", "skip"])
def test_after_an_outage_the_latest_is_the_latest_that_is_due(misfire: str) -> None:
    """One whose time jitter has put off waits for it; the one before it is the last of the outage."""

    async def scenario(quarters: int) -> None:
        at = Scheduling()
        await at.add(cron="@hourly", jitter="59m", misfire=misfire)
        at.clock.advance(quarters * 900)
        now = at.milliseconds()
        table = timetable_of(await at.entry())
        due = [instant for instant in table.instants(to_milliseconds(NOON), 24) if table.due(instant) <= now]
        await at.drain()
        entry = await at.entry()
        assert (entry.fired, entry.missed) == ((1, len(due) - 1) if misfire == "run_once" else (0, len(due)))
        assert entry.last_fired == (due[-1] if misfire == "run_once" else None)
        assert (entry.next_due or 0) > now

    for quarters in range(20, 40):
        run(scenario(quarters))
