"""What becomes of instants that are found late, by each misfire policy, after outages of every length."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from hexjobs.application.recurring.due_instants import MOST_COUNTED
from hexjobs.application.recurring.schedule_pass import MOST_CLAIMS
from support.run import run
from support.scheduling import NOON, Scheduling

MINUTELY = {"cron": "* * * * *", "grace": "5m"}
MONTH = timedelta(days=30).total_seconds()


@pytest.mark.parametrize("misfire", ["skip", "run_once", "run_all"])
def test_within_the_grace_every_instant_fires(misfire: str) -> None:
    """After an outage of one instant, and of as many as the grace covers, to its last millisecond."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(**MINUTELY, misfire=misfire)
        assert await at.after(60) == ["12:01:00"]
        assert await at.after(360) == [f"12:0{minute}:00" for minute in range(1, 8)]
        assert (await at.entry()).missed == 0
        assert at.metrics.late == [
            ("s", 0.0),
            *(("s", seconds) for seconds in (300.0, 240.0, 180.0, 120.0, 60.0, 0.0)),
        ]

    run(scenario())


@pytest.mark.parametrize(
    ("misfire", "fired", "missed"),
    [
        ("skip", ["12:06:00", "12:07:00", "12:08:00", "12:09:00", "12:10:00"], 5),
        ("run_once", ["12:10:00"], 9),
        ("run_all", ["12:08:00", "12:09:00", "12:10:00"], 7),
    ],
)
def test_beyond_the_grace_the_policy_says_which_fire(misfire: str, fired: list[str], missed: int) -> None:
    """`skip` those within it, `run_once` the latest of all, `run_all` the latest ones up to the backlog, in order."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(**MINUTELY, misfire=misfire, backlog=3)
        with capture_logs() as logs:
            assert await at.after(601) == fired
        entry = await at.entry()
        assert (entry.fired, entry.missed) == (len(fired), missed)
        assert at.metrics.missed == [("s", missed)]
        assert [line["late_seconds"] for line in logs if line["event"] == "schedule_fired"] == [
            late for _, late in at.metrics.late
        ]
        (line,) = [line for line in logs if line["event"] == "schedule_missed"]
        assert (line["schedule"], line["count"], line["last"]) == (
            "s",
            missed,
            f"2026-03-01T12:{missed:02}:00+00:00",
        )
        history = await at.store.history("s", 100)
        assert [entry.count for entry in history if entry.outcome == "missed"] == [missed]
        assert await at.after(59) == [*fired, "12:11:00"]

    run(scenario())


def test_where_all_are_beyond_the_grace_skip_fires_none() -> None:
    """It goes on with the next instant."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="@hourly", misfire="skip", grace="1m")
        assert await at.after(3 * 3600 + 61) == []
        assert (await at.entry()).missed == 3
        assert await at.next_due() == NOON + timedelta(hours=4)

    run(scenario())


@pytest.mark.parametrize("misfire", ["skip", "run_once", "run_all"])
@pytest.mark.parametrize("rhythm", [{"every": "1s"}, {"cron": "* * * * * *"}])
def test_a_month_of_seconds_is_no_long_walk(misfire: str, rhythm: dict[str, str]) -> None:
    """Counted are ten thousand missed instants at most, and few are reckoned; nobody walks millions."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(**rhythm, misfire=misfire, grace="1m", backlog=70)
        begun = time.process_time()
        fired = await at.after(MONTH)
        assert time.process_time() - begun < 10, "a walk takes minutes"
        assert len(fired) == {"skip": 61, "run_once": 1, "run_all": 70}[misfire]
        assert fired[-1] == "2026-03-31T12:00:00"
        assert (await at.entry()).missed == MOST_COUNTED

    run(scenario())


def test_as_many_as_are_missed_are_counted_up_to_the_bound() -> None:
    """Ten thousand exactly, and one less."""

    async def scenario(seconds: int, missed: int) -> None:
        at = Scheduling()
        await at.add(every="1s")
        await at.after(seconds)
        assert (await at.entry()).missed == missed

    for seconds, missed in (
        (MOST_COUNTED, MOST_COUNTED - 1),
        (MOST_COUNTED + 1, MOST_COUNTED),
        (MOST_COUNTED + 2, MOST_COUNTED),
        (20_000, MOST_COUNTED),
    ):
        run(scenario(seconds, missed))


def test_a_long_backlog_goes_in_passes_and_none_is_left_out() -> None:
    """A pass fires a hundred of a schedule at most; the next one comes at once."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(every="1s", misfire="run_all", backlog=1000)
        at.clock.advance(5000)
        assert await at.scheduler() == 0
        assert len(await at.fired()) == 100
        await at.drain()
        assert len(await at.fired()) == 1000
        assert (await at.entry()).missed == 4000

    run(scenario())


def test_a_pass_is_short_however_many_schedules_are_late() -> None:
    """A few hundred claims; then the role shows itself, and goes on at once."""

    async def scenario() -> None:
        at = Scheduling()
        for number in range(9):
            await at.add(f"s{number}", every="1s", misfire="run_all", grace="1h")
        at.clock.advance(90)
        assert await at.scheduler() == 0
        assert MOST_CLAIMS <= len(at.metrics.late) < MOST_CLAIMS + 100
        await at.drain()
        assert len(at.metrics.late) == 9 * 90

    run(scenario())


def test_a_scheduler_that_is_there_is_never_late() -> None:
    """With no grace at all an instant still has the second that a look and a claim may take."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", misfire="skip", grace=0)
        assert await at.after(61) == ["12:01:00"]
        assert await at.after(60.001) == ["12:01:00"]

    run(scenario())


def test_a_crash_between_the_missed_and_the_fire_loses_neither() -> None:
    """What was passed over stays so; the next scheduler fires the latest."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="@hourly")
        fire = at.store.fire

        async def crash(*_: object) -> None:
            raise RuntimeError("killed")

        at.store.fire = crash  # type: ignore[assignment, method-assign]  # a scheduler that dies here
        at.clock.advance(10 * 3600 + 1800)
        with pytest.raises(RuntimeError, match="killed"):
            await at.scheduler()
        at.store.fire = fire  # type: ignore[method-assign]  # another one lives
        assert await at.after(0) == ["22:00:00"]
        assert ((await at.entry()).missed, (await at.entry()).fired) == (9, 1)

    run(scenario())
