"""The configuration's schedules: applied by revision, also to a store that was emptied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from hexjobs.application.recurring.schedule_configuration import ScheduleConfiguration
from hexjobs.ports.schedule_ledger import Seeding
from support.run import run
from support.scheduling import NOON, Scheduling

HOURLY = {"cron": "@hourly"}


def events(logs: list[Any], *names: str) -> list[dict[str, Any]]:
    """The lines of these events, without their levels."""
    return [
        {key: value for key, value in line.items() if key != "log_level"}
        for line in logs
        if line["event"] in names
    ]


def test_the_first_look_applies_it_and_the_next_does_not() -> None:
    """The entries are the configuration's, and due from the store's present on."""

    async def scenario() -> None:
        at = Scheduling()
        scheduler = at.another_scheduler(at.configuration(1, a=HOURLY, b={"every": "90s"}))
        with capture_logs() as logs:
            assert await scheduler() == 0
            assert await scheduler() == 20
        assert events(logs, "schedules_seeded") == [
            {"event": "schedules_seeded", "revision": 1, "schedules": ["a", "b"], "paused": [], "removed": []}
        ]
        assert [(entry.name, entry.source) for entry in await at.schedules.list()] == [
            ("a", "config"),
            ("b", "config"),
        ]
        assert await at.next_due("b") == NOON + timedelta(seconds=90)

    run(scenario())


def test_a_higher_revision_pauses_what_it_has_no_more_or_forgets_it() -> None:
    """`prune` is the difference; both are told."""

    async def scenario() -> None:
        at = Scheduling()
        await at.drain(at.another_scheduler(at.configuration(1, a=HOURLY, b=HOURLY, c=HOURLY)))
        with capture_logs() as logs:
            await at.drain(at.another_scheduler(at.configuration(2, a=HOURLY, b=HOURLY)))
            await at.drain(at.another_scheduler(at.configuration(3, prune=True, a=HOURLY)))
        told = [(line["paused"], line["removed"]) for line in events(logs, "schedules_seeded")]
        assert told[0] == (["c"], [])
        assert "b" in told[1][1]
        assert (await at.entry("a")).paused_by == ""

    run(scenario())


def test_a_lower_revision_never_writes() -> None:
    """In a rolling deploy the old workers do not bring back what the new ones removed, nor say that it was changed."""

    async def scenario() -> None:
        at = Scheduling()
        old = at.another_scheduler(at.configuration(1, a=HOURLY, b=HOURLY))
        await at.drain(old)
        await at.drain(at.another_scheduler(at.configuration(2, a={"cron": "@daily"})))
        with capture_logs() as logs:
            for scheduler in (old, at.another_scheduler(at.configuration(1, a=HOURLY, b=HOURLY))):
                await at.drain(scheduler)
        assert logs == []
        assert (await at.entry("a")).cron == "@daily"
        assert (await at.entry("b")).paused_by == "config"

    run(scenario())


def test_an_edit_wins_until_the_revision_rises() -> None:
    """Each look leaves it alone, also that of a worker that has just started."""

    async def scenario() -> None:
        at = Scheduling()
        scheduler = at.another_scheduler(at.configuration(1, a=HOURLY))
        await at.drain(scheduler)
        await at.schedules.edit("a", cron="@daily")
        await at.drain(scheduler)
        await at.drain(at.another_scheduler(at.configuration(1, a=HOURLY)))
        assert (await at.entry("a")).cron == "@daily"
        await at.drain(at.another_scheduler(at.configuration(2, a=HOURLY)))
        assert (await at.entry("a")).cron == "@hourly"

    run(scenario())


def test_a_store_that_was_emptied_is_seeded_by_the_next_look() -> None:
    """Of a scheduler that runs."""

    async def scenario() -> None:
        at, emptied = Scheduling(), Scheduling()
        configuration = at.configuration(1, a=HOURLY)
        scheduler = at.another_scheduler(configuration)
        await at.drain(scheduler)
        scheduler._store = emptied.store  # the same server, as it is found after it lost all
        await at.drain(scheduler)
        assert [entry.name for entry in await emptied.schedules.list()] == ["a"]

    run(scenario())


def test_a_change_without_a_higher_revision_is_told_once() -> None:
    """By each process; where the order alone differs nothing has changed."""

    async def scenario() -> None:
        at = Scheduling()
        await at.drain(at.another_scheduler(at.configuration(4, a=HOURLY, b=HOURLY)))
        with capture_logs() as logs:
            await at.drain(at.another_scheduler(at.configuration(4, b=HOURLY, a=HOURLY)))
            changed = at.another_scheduler(at.configuration(4, a=HOURLY, b={"cron": "@daily"}))
            for _ in range(3):
                await at.drain(changed)
        assert events(logs, "schedules_changed_without_revision", "schedules_seeded") == [
            {"event": "schedules_changed_without_revision", "revision": 4}
        ]
        assert (await at.entry("b")).cron == "@hourly"

    run(scenario())


def test_the_store_is_asked_no_more_once_it_was_compared() -> None:
    """A look tells the revision; nothing is sent for nothing."""

    async def scenario() -> None:
        at = Scheduling()
        asked: list[int] = []
        seed = at.store.seed

        async def counting_seed(revision: int, *arguments: Any, **named: Any) -> Seeding:
            asked.append(revision)
            return await seed(revision, *arguments, **named)

        at.store.seed = counting_seed  # type: ignore[method-assign]  # counted
        for scheduler in (at.another_scheduler(at.configuration(1, a=HOURLY)) for _ in range(2)):
            for _ in range(3):
                await at.drain(scheduler)
        assert asked == [1, 1]
        await at.drain(at.another_scheduler(at.configuration(2, a=HOURLY)))
        await at.drain(at.another_scheduler(at.configuration(1, a=HOURLY)))
        assert asked == [1, 1, 2]

    run(scenario())


def test_one_that_has_ended_for_good_does_not_stop_a_worker() -> None:
    """It is left out, and told; the others are kept."""

    async def scenario() -> None:
        at = Scheduling()
        configuration = at.configuration(1, a=HOURLY, over={"cron": "@hourly", "end": "2026-02-01"})
        with capture_logs() as logs:
            await at.drain(at.another_scheduler(configuration))
        (line,) = events(logs, "schedule_never_due")
        assert line["schedule"] == "over"
        assert [entry.name for entry in await at.schedules.list()] == ["a"]

    run(scenario())


def test_an_empty_configuration_takes_away_what_an_earlier_one_had() -> None:
    """Where its revision is higher."""

    async def scenario() -> None:
        at = Scheduling()
        await at.drain(at.another_scheduler(at.configuration(1, a=HOURLY)))
        await at.drain(at.another_scheduler(ScheduleConfiguration(2, [])))
        assert (await at.entry("a")).paused_by == "config"

    run(scenario())
