"""Keeping schedules: adding, editing, pausing, triggering, and looking into them."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import InvalidJob, JobNotFound, JobOptions, UnknownJobType
from hexjobs.application.messages import to_instant
from hexjobs.application.recurring.make_plan import make_plan
from hexjobs.application.recurring.plan_of import plan_of
from hexjobs.domain.errors import UnsupportedOption
from hexjobs.ports.envelope import decode_envelope
from support.run import run
from support.scheduling import NOON, Scheduling

SECOND = timedelta(seconds=1)


def fields_of(operation: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, list[str]]:
    """The fields that an operation is refused for."""

    async def refused() -> list[str]:
        with pytest.raises(InvalidJob) as caught:
            await operation
        return [problem.field for problem in caught.value.problems]

    return refused()


def test_an_entry_has_its_plan_its_anchor_and_its_first_due_instant() -> None:
    """The anchor is the store's present in whole seconds, so that every process reckons the same instants."""

    async def scenario() -> None:
        at = Scheduling(NOON + timedelta(milliseconds=700))
        plan = make_plan(
            every="90s", jitter="5s", misfire="skip", overlap="skip", limit=7, exclude=["2026-12-25"]
        )
        entry = await at.schedules.add("s", "noop", {"n": 1}, plan, options=JobOptions.make(tags=["t"]))
        assert plan_of(entry) == plan
        assert to_instant(entry.anchor) == NOON
        assert 0 <= (entry.next_due or 0) - entry.anchor - 90_000 < 5000
        assert (entry.source, entry.fired, entry.last_fired, entry.paused_by) == ("code", 0, None, "")
        envelope = decode_envelope(bytes(entry.envelope))
        assert (envelope.at, envelope.due, envelope.tags, bytes(envelope.payload)) == (
            None,
            None,
            ["t"],
            b'{"n":1}',
        )
        assert [kept.name for kept in await at.schedules.list()] == ["s"]

    run(scenario())


def test_what_is_wrong_is_refused_and_nothing_is_kept() -> None:
    """The name, the job, the options of a single submit, and a schedule that would never be due."""

    async def scenario() -> None:
        at = Scheduling()
        hourly = make_plan(cron="@hourly")
        add = at.schedules.add
        assert await fields_of(add("Ñ", "noop", {}, hourly)) == ["name"]
        assert await fields_of(add("s", "noop", [], hourly)) == ["payload"]
        with pytest.raises(UnknownJobType):
            await add("s", "nobody", {}, hourly)
        for option in ("delay", "scheduled_at", "job_id", "expires_at", "deadline"):
            value: Any = SECOND if option == "delay" else "x" if option == "job_id" else NOON
            with pytest.raises(UnsupportedOption, match=f"options.{option}"):
                await add("s", "noop", {}, hourly, options=JobOptions(**{option: value}))
        assert await fields_of(at.add(cron="@hourly", end="2026-03-01T12:30Z")) == ["end"]
        assert await fields_of(at.add(cron="0 0 31 2 *")) == ["cron"]
        assert await at.schedules.list() == []

    run(scenario())


def test_adding_one_again_with_the_same_instants_changes_nothing_of_them() -> None:
    """As an application does at each start, also when it has ended meanwhile."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(every="90s", limit=1)
        at.clock.advance(60)
        assert await at.next_due() == NOON + 90 * SECOND
        again = await at.add(every="90s", limit=1, misfire="skip")
        assert (to_instant(again.next_due or 0), to_instant(again.anchor)) == (NOON + 90 * SECOND, NOON)
        assert again.misfire == "skip"
        await at.after(30)
        assert (await at.add(every="90s", limit=1)).next_due is None
        assert await at.after(900) == ["12:01:30"]

    run(scenario())


def test_other_instants_count_from_the_present_and_a_limit_goes_on_counting() -> None:
    """A limit that is reached already is refused."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(every="60s", limit=5)
        await at.after(60)
        await at.after(60)
        entry = await at.add(every="45s", limit=3)
        assert to_instant(entry.next_due or 0) == NOON + 165 * SECOND
        assert len(await at.after(45)) == 3
        assert (await at.entry()).next_due is None
        assert await fields_of(at.schedules.edit("s", limit=2)) == ["limit"]
        assert (
            to_instant((await at.schedules.edit("s", limit=4)).next_due or 0) == at.clock.now() + 45 * SECOND
        )

    run(scenario())


def test_edit_changes_what_is_given_and_leaves_the_rest() -> None:
    """`cron` takes the place of `every` and the other way round; None takes a bound away."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(
            every="60s", start="2026-03-01T12:00:30", jitter="1s", grace="2m", priority="low", tags=["t"]
        )
        first = await at.entry()
        edited = await at.schedules.edit("s", grace="5m", overlap="skip")
        assert (edited.grace, edited.overlap, edited.rhythm) == (300_000, "skip", first.rhythm)
        assert (edited.next_due, edited.envelope) == (first.next_due, first.envelope)
        edited = await at.schedules.edit("s", cron="@hourly", start=None, jitter=None)
        assert (edited.cron, edited.every, edited.start, edited.jitter) == ("@hourly", None, None, None)
        assert to_instant(edited.next_due or 0) == NOON + timedelta(hours=1)
        edited = await at.schedules.edit("s", every=90, cron=None)
        assert (edited.cron, edited.every, edited.grace) == (None, 90_000, 300_000)
        edited = await at.schedules.edit("s", payload={"n": 2})
        envelope = decode_envelope(bytes(edited.envelope))
        assert (bytes(envelope.payload), envelope.priority, envelope.tags) == (b'{"n":2}', "low", ["t"])

    run(scenario())


def test_an_edit_is_refused_by_the_field() -> None:
    """And changes nothing."""

    async def scenario() -> None:
        at = Scheduling()
        before = await at.add(cron="@hourly")
        edit = at.schedules.edit
        assert await fields_of(edit("s", cron="61 * * * *")) == ["cron"]
        assert await fields_of(edit("s", cron="@daily", every="1h")) == ["cron"]
        assert await fields_of(edit("s", cron=None)) == ["cron"]
        assert await fields_of(edit("s", payload=[])) == ["payload"]
        with pytest.raises(InvalidJob, match="did you mean 'jitter'"):
            await edit("s", jiter="1s")
        with pytest.raises(JobNotFound):
            await edit("nobody", cron="@daily")
        assert await at.entry() == before

    run(scenario())


def test_edits_keep_who_keeps_it() -> None:
    """An entry of the configuration stays one, so that a later revision knows it."""

    async def scenario() -> None:
        at = Scheduling()
        await at.schedules.add("s", "noop", {}, make_plan(cron="@hourly"), source="config")
        assert (await at.schedules.edit("s", cron="@daily")).source == "config"

    run(scenario())


def test_a_paused_one_goes_on_from_the_present() -> None:
    """Nothing of the pause is made up; an instant that jitter has put off past its end fires still."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add("s", cron="* * * * *", misfire="run_all")
        await at.add("t", cron="* * * * *", jitter="59s")
        await at.schedules.pause("s")
        assert await at.after(600) == []
        await at.schedules.resume("s")
        assert await at.next_due() == NOON + timedelta(minutes=11)
        assert await at.after(60) == ["12:11:00"]
        due = await at.next_due("t")
        await at.schedules.pause("t")
        at.clock.advance((due - at.clock.now()).total_seconds() - 0.001)  # type: ignore[operator]  # it has one
        await at.schedules.resume("t")
        assert await at.next_due("t") == due
        for act in (at.schedules.pause, at.schedules.resume, at.schedules.remove):
            with pytest.raises(JobNotFound, match="there is no schedule 'nobody'"):
                await act("nobody")

    run(scenario())


def test_after_a_clock_that_was_set_back_resume_brings_no_instant_again() -> None:
    """The ledger would refuse it; it goes on behind what has fired."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *")
        await at.after(60)
        await at.schedules.pause("s")
        at.clock.advance(-3600)
        await at.schedules.resume("s")
        assert await at.next_due() == NOON + timedelta(minutes=2)
        await at.schedules.edit("s", exclude=["2030-01-01"])
        assert await at.next_due() == NOON + timedelta(minutes=2)

    run(scenario())
