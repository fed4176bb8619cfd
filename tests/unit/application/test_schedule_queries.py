"""Triggering schedules, and looking into them: what comes, and what has been."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexjobs import InvalidJob, JobNotFound
from hexjobs.application.messages import to_instant
from hexjobs.application.recurring.coming_instant import ComingInstant
from hexjobs.application.recurring.make_plan import make_plan
from hexjobs.domain.errors import JobsDisabled
from hexjobs.domain.status import JobStatus
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


def test_a_trigger_makes_a_job_beside_the_timetable() -> None:
    """Also while it is paused; its id says so, and its time of making is the store's."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="@hourly", limit=1)
        due = await at.next_due()
        await at.schedules.pause("s")
        job_id = await at.schedules.trigger("s")
        assert job_id.startswith("schedule:s:manual:0")
        assert await at.schedules.trigger("s") != job_id
        (stored,) = await at.jobs.get([job_id])
        assert stored is not None
        assert stored.status is JobStatus.PENDING
        assert decode_envelope(stored.data).at == at.milliseconds()
        entry = await at.entry()
        assert (to_instant(entry.next_due or 0), entry.fired) == (due, 0)
        assert [kept.outcome for kept in await at.schedules.history("s", 9)] == ["triggered", "triggered"]
        with pytest.raises(JobNotFound):
            await at.schedules.trigger("nobody")
        await at.put_broken("broken", b"{")
        assert await fields_of(at.schedules.trigger("broken")) == ["envelope"]
        object.__setattr__(at.schedules.submit, "enabled", False)
        with pytest.raises(JobsDisabled):
            await at.schedules.trigger("s")

    run(scenario())


def test_the_coming_instants_are_told_in_utc_and_local_time_and_marked_at_clock_changes() -> None:
    """Of a paused one as if it were not; of one that has ended none."""

    async def scenario() -> None:
        at = Scheduling(datetime(2026, 3, 27, 12, tzinfo=UTC))
        entry = await at.add(cron="30 2 * * *", timezone="Europe/Berlin", jitter="10m", limit=3)
        coming = await at.schedules.coming("s", 9)
        assert [(str(each.instant), str(each.local), each.change) for each in coming] == [
            ("2026-03-28 01:30:00+00:00", "2026-03-28 02:30:00+01:00", None),
            ("2026-03-29 01:00:00+00:00", "2026-03-29 03:00:00+02:00", "gap"),
            ("2026-03-30 00:30:00+00:00", "2026-03-30 02:30:00+02:00", None),
        ]
        assert coming[0].due == to_instant(entry.next_due or 0) != coming[0].instant
        assert isinstance(coming[0], ComingInstant)
        at.clock.advance((coming[0].due - at.clock.now()).total_seconds() - 0.001)
        assert await at.schedules.coming("s", 1) == coming[:1]
        await at.schedules.pause("s")
        assert await at.schedules.coming("s", 2) == coming[:2]
        assert await at.schedules.coming("s", 0) == []
        with pytest.raises(JobNotFound):
            await at.schedules.coming("nobody", 1)

    run(scenario())


def test_the_history_of_nobody_is_an_error_and_that_of_a_new_one_empty() -> None:
    """The latest first."""

    async def scenario() -> None:
        at = Scheduling()
        await at.add(cron="* * * * *", grace="1h")
        assert await at.schedules.history("s", 5) == []
        await at.after(180)
        history = await at.schedules.history("s", 2)
        assert [to_instant(each.instant) for each in history] == [NOON + 180 * SECOND, NOON + 120 * SECOND]
        assert history[0].job_id == "schedule:s:2026-03-01T12:03:00Z"
        with pytest.raises(JobNotFound):
            await at.schedules.history("nobody", 5)

    run(scenario())


def test_planned_is_what_a_configuration_gives_to_the_store() -> None:
    """With the store's clock as it is told."""

    async def scenario() -> None:
        at = Scheduling()
        plan = make_plan(cron="@hourly")
        planned = at.schedules.planned("s", "noop", {}, plan, None, "config", at.milliseconds() + 1)
        assert planned.definition.source == "config"
        assert to_instant(planned.anchor) == NOON
        assert to_instant(planned.next_due) == NOON + timedelta(hours=1)

    run(scenario())
