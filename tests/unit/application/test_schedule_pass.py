"""A pass of the scheduler: claims, waits, limits, ends, jitter, overlapping jobs, and entries that nobody can read."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
from structlog.testing import capture_logs

from hexjobs.domain.status import JobStatus
from hexjobs.ports.envelope import VERSION, Message
from hexjobs.ports.schedule_ledger import Claim, FireOutcome, Look
from support.run import run
from support.scheduling import NOON, Scheduling


def test_the_id_of_a_job_tells_schedule_and_instant_and_its_time_of_making_is_the_stores() -> None:
    """Milliseconds stand in it only where there are some."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add("s", every="1500ms", priority="high", tags=["t"])
        with capture_logs() as logs:
            assert await at.after(3) == ["12:00:01.500", "12:00:03"]
        fired = [line for line in logs if line["event"] == "schedule_fired"]
        assert [(line["schedule"], line["job_id"], line["late_seconds"]) for line in fired] == [
            ("s", "schedule:s:2026-03-01T12:00:01.500Z", 1.5),
            ("s", "schedule:s:2026-03-01T12:00:03Z", 0.0),
        ]
        (stored,) = await at.jobs.get(["schedule:s:2026-03-01T12:00:03Z"])
        assert stored is not None
        assert msgspec.json.decode(stored.data) == {
            "v": VERSION,
            "type": "noop",
            "priority": "high",
            "at": at.milliseconds(),
            "tags": ["t"],
            "payload": {},
        }

    run(scenario())


def test_it_waits_until_the_earliest_is_due_and_twenty_seconds_at_most() -> None:
    """Five where an instant waits for a job to end: whoever should have told may have died."""

    async def scenario() -> None:
        at = Scheduling()
        assert await at.scheduler() == 20
        await at.add("s", every="2.5s", overlap="queue_one")
        assert await at.scheduler() == 2.5
        await at.add("t", every="1h", start=NOON + timedelta(seconds=1.25))
        assert await at.scheduler() == 1.25
        await at.schedules.remove("t")
        await at.after(5)
        assert (await at.entry()).queued is not None
        await at.schedules.edit("s", every="1h")
        assert await at.drain() == 5

    run(scenario())


def test_two_schedulers_that_have_seen_the_same_make_one_job_of_each_instant() -> None:
    """Interleaved at every step: each look before the other's claims, each claim between the other's."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add("s", every="1s", misfire="run_all", grace="1h")
        await at.add("t", cron="* * * * *", misfire="run_once", grace="1s")
        at.clock.advance(130)
        look = await at.store.look(100)
        schedulers = [at.another_scheduler() for _ in range(4)]
        turns = iter(range(1000))
        fire = at.store.fire

        async def slow_fire(*arguments: object) -> object:
            for _ in range(next(turns) % 3):
                await asyncio.sleep(0)
            return await fire(*arguments)  # type: ignore[arg-type]  # as they came

        async def same_look(most: int) -> Look:
            return look

        fresh_look, at.store.look = at.store.look, same_look  # type: ignore[method-assign]  # all have seen the same
        at.store.fire = slow_fire  # type: ignore[assignment, method-assign]  # and take turns
        await asyncio.gather(*(scheduler() for scheduler in schedulers))
        at.store.look = fresh_look  # type: ignore[method-assign]  # as it was
        await at.drain()
        assert len(await at.fired()) == 130
        assert await at.fired("t") == ["12:02:00"]
        entry, other = await at.entry(), await at.entry("t")
        assert (entry.fired, other.fired, other.missed) == (130, 1, 1)
        assert len(at.metrics.late) == 131
        assert at.metrics.missed == [("t", 1)]

    run(scenario())


def test_a_scheduler_that_comes_too_late_stops_at_its_first_claim() -> None:
    """What it has seen is old then: it looks again."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", grace="1h")
        await at.add("t", cron="* * * * *", misfire="run_once")
        at.clock.advance(600)
        old = await at.store.look(100)
        await at.drain()
        claimed: list[str] = []
        fire = at.store.fire

        async def same_look(most: int) -> Look:
            return old

        async def counting_fire(claim: Claim, message: Message, overlap: str) -> FireOutcome:
            claimed.append(claim.name)
            return await fire(claim, message, overlap)

        at.store.look = same_look  # type: ignore[method-assign]  # what it had seen
        at.store.fire = counting_fire  # type: ignore[method-assign]  # counted
        assert await at.another_scheduler()() == 0
        assert claimed == ["s"]

    run(scenario())


def test_cancel_running_cancels_the_earlier_jobs_and_then_fires() -> None:
    """Those that wait are cancelled, and those that run are asked to end."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", overlap="cancel_running", grace="5m")
        await at.after(180)
        ids = [f"schedule:s:2026-03-01T12:0{minute}:00Z" for minute in (1, 2, 3)]
        found = await at.jobs.get(ids)
        assert [job.status if job else None for job in found] == [
            JobStatus.CANCELLED,
            JobStatus.CANCELLED,
            JobStatus.PENDING,
        ]

    run(scenario())


def test_a_scheduler_that_stood_still_cancels_no_job_of_its_own_instant_or_a_later_one() -> None:
    """Another has fired them meanwhile: its own claim will be refused."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", overlap="cancel_running", jitter="10s")
        at.clock.advance(120)
        old = await at.store.look(100)
        await at.drain()
        triggered = await at.schedules.trigger("s")

        async def same_look(most: int) -> Look:
            return old

        at.store.look = same_look  # type: ignore[method-assign]  # what the other one had seen
        assert await at.another_scheduler()() == 0
        ids = ["schedule:s:2026-03-01T12:01:00Z", triggered]
        assert [job and job.status for job in await at.jobs.get(ids)] == [JobStatus.PENDING] * 2

    run(scenario())


def test_what_cannot_be_read_is_paused_and_the_others_go_on() -> None:
    """A malformed envelope, a bad expression, a number that is no time: each by hand, with a line in the log."""

    async def scenario() -> None:
        at = Scheduling()
        await at.put_broken("a-envelope", b'{"v": "one"}')
        await at.put_broken("b-cron", b"", cron="61 * * * *")
        await at.put_broken("c-start", b"", start=10**18)
        await at.put_broken("d-misfire", b"", misfire="sometimes")
        await at.add("s", cron="* * * * *")
        with capture_logs() as logs:
            assert await at.after(60) == ["12:01:00"]
        unreadable = [line for line in logs if line["event"] == "schedule_unreadable"]
        broken = ["a-envelope", "b-cron", "c-start", "d-misfire"]
        assert [line["schedule"] for line in unreadable] == broken
        assert all(line["error"] for line in unreadable)
        assert [(await at.entry(name)).paused_by for name in (*broken, "s")] == ["hand"] * 4 + [""]

    run(scenario())


def test_one_of_a_newer_release_is_left_to_newer_schedulers() -> None:
    """It is not paused; this scheduler looks again every second, says so once, and fires the others."""

    async def scenario() -> None:
        at = Scheduling()
        await at.put_broken("newer", b'{"v": 99, "type": "noop"}')
        await at.add("s", cron="* * * * *")
        with capture_logs() as logs:
            assert await at.after(60) == ["12:01:00"]
            assert await at.drain() == 1
        assert [line["event"] for line in logs] == ["schedule_newer", "schedule_fired"]
        assert not (await at.entry("newer")).paused

    run(scenario())


def test_no_wall_clock_of_a_scheduler_matters() -> None:
    """The store's clock is years from this machine's, and goes back by an hour: nothing fires twice, nothing early."""

    async def scenario() -> None:
        at = Scheduling(NOON - timedelta(days=3650))
        await at.add(cron="* * * * *")
        await at.after(120)
        fired = await at.fired()
        assert len(fired) == 2
        assert [late for _, late in at.metrics.late] == [60.0, 0.0]
        at.clock.advance(-3600)
        assert await at.drain() == 20
        assert await at.fired() == fired
        assert len(await at.after(3660)) == 3

    run(scenario())


def test_an_instant_that_the_tz_database_knows_no_more_fires_once_as_it_was_kept() -> None:
    """Then it goes on with those that there are; also where jitter was on it."""

    async def scenario(**words: str) -> None:
        at = Scheduling()
        entry = await at.add(cron="@hourly", **words)
        record = at.store._kept.records["s"]  # as a scheduler with other laws would have left it
        record.next_due = entry.anchor + 1_800_123
        assert await at.after(1801) == ["12:30:00.123"]
        assert len(await at.after(2 * 3600)) == 2

    run(scenario())
    run(scenario(jitter="10s"))
