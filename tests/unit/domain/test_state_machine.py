"""Only steps of the table of transitions are taken; any other raises and changes nothing."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.jobs.base import BaseJob
from hexjobs.domain.payload import JobPayload
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.status import TERMINAL, WAITING, JobStatus
from hexjobs.domain.transitions import TRANSITIONS, JobEvent, next_status

START = datetime(2026, 3, 1, tzinfo=UTC)

# The table once more, by hand: what the docs print and what every adapter obeys.
EXPECTED = {
    JobEvent.DUE: ("scheduled retrying", "pending"),
    JobEvent.DEQUEUED: ("pending", "processing"),
    JobEvent.SUCCEEDED: ("processing", "completed"),
    JobEvent.ERRED: ("processing", "retrying"),
    JobEvent.DIED: ("processing pending", "failed"),
    JobEvent.SNOOZED: ("processing", "scheduled"),
    JobEvent.GIVEN_BACK: ("processing", "pending"),
    JobEvent.LEASE_EXPIRED: ("processing", "pending"),
    JobEvent.CRASHED: ("processing", "pending"),
    JobEvent.CANCELLED: ("pending scheduled retrying processing", "cancelled"),
    JobEvent.DISCARDED: ("processing", "cancelled"),
    JobEvent.EXPIRED: ("pending scheduled retrying processing", "cancelled"),
    JobEvent.RETRIED: ("failed cancelled", "pending"),
}
GIVES_THE_ATTEMPT_BACK = {JobEvent.SNOOZED, JobEvent.GIVEN_BACK, JobEvent.LEASE_EXPIRED, JobEvent.CRASHED}
CRASHES = {JobEvent.LEASE_EXPIRED, JobEvent.CRASHED}


def new_job() -> BaseJob:
    """A job that was just submitted."""
    return BaseJob(
        job_id="job-1",
        type="report",
        queue="default",
        priority=JobPriority.NORMAL,
        payload=JobPayload(b"{}"),
        created_at=START,
    )


def test_the_table() -> None:
    """Each event, where it may start, and where it ends."""
    table = {event: (set(row.sources), row.target) for event, row in TRANSITIONS.items()}
    assert table == {event: (set(sources.split()), target) for event, (sources, target) in EXPECTED.items()}
    assert {event for event, row in TRANSITIONS.items() if not row.attempt_spent} == GIVES_THE_ATTEMPT_BACK
    assert all(row.event is event and row.meaning for event, row in TRANSITIONS.items())


def test_every_event_and_status_has_a_place_in_the_table() -> None:
    """No event without a row, no status that is never reached or never left but by its nature."""
    assert set(TRANSITIONS) == set(JobEvent)
    assert {row.target for row in TRANSITIONS.values()} == set(JobStatus)
    left = {source for row in TRANSITIONS.values() for source in row.sources}
    assert set(JobStatus) - left == {JobStatus.COMPLETED}


@pytest.mark.parametrize("status", JobStatus)
def test_a_status_waits_runs_or_has_ended(status: JobStatus) -> None:
    """And only one of these."""
    assert (status in WAITING) + (status is JobStatus.PROCESSING) + (status in TERMINAL) == 1
    assert (status.is_waiting, status.is_terminal) == (status in WAITING, status in TERMINAL)


@pytest.mark.parametrize("event", JobEvent)
@pytest.mark.parametrize("status", JobStatus)
def test_each_step(status: JobStatus, event: JobEvent) -> None:
    """All 91 pairs of a status and an event."""
    if status in TRANSITIONS[event].sources:
        assert next_status(status, event) is TRANSITIONS[event].target
        return
    with pytest.raises(IllegalTransition, match=f"a {status} job cannot be"):
        next_status(status, event)


@given(
    st.lists(
        st.tuples(st.sampled_from(JobEvent), st.none() | st.sampled_from(["why", "because"])), max_size=40
    )
)
def test_any_sequence_of_events(steps: list[tuple[JobEvent, str | None]]) -> None:
    """A job goes where the table says, or stays exactly as it is."""
    job, now = new_job(), START
    for event, reason in steps:
        before, now = copy.copy(job), now + timedelta(seconds=1)
        if before.status not in TRANSITIONS[event].sources:
            with pytest.raises(IllegalTransition):
                job.apply(event, at=now, reason=reason)
            assert job == before
            continue
        job.apply(event, at=now, reason=reason)
        check_step(before, job, event, now, reason)


def check_step(before: BaseJob, after: BaseJob, event: JobEvent, now: datetime, reason: str | None) -> None:
    """What one legal step does to a job, and what it leaves alone."""
    assert after.status is TRANSITIONS[event].target
    assert after.attempt == expected_attempt(before.attempt, event)
    assert after.crashes == before.crashes + (event in CRASHES)
    assert after.started_at == (now if event is JobEvent.DEQUEUED else before.started_at)
    if after.status in TERMINAL:
        assert after.is_finished
        assert (after.reason, after.finished_at) == (reason or event.value, now)
    else:
        assert not after.is_finished
        assert after.reason == reason
        assert after.finished_at is None
    asked_for = ("job_id", "type", "queue", "priority", "payload", "created_at", "scheduled_at", "options")
    assert all(getattr(after, name) == getattr(before, name) for name in asked_for)


def expected_attempt(before: int, event: JobEvent) -> int:
    """A dequeue counts one; some events give it back; a retry starts anew."""
    if event is JobEvent.DEQUEUED:
        return before + 1
    if event is JobEvent.RETRIED:
        return 0
    return max(0, before - 1) if event in GIVES_THE_ATTEMPT_BACK else before


@given(st.lists(st.sampled_from([JobEvent.ERRED, *sorted(GIVES_THE_ATTEMPT_BACK)]), max_size=12))
def test_only_failed_runs_spend_attempts(endings: list[JobEvent]) -> None:
    """However often a job is given back, snoozed or its worker dies."""
    job = new_job()
    for event in endings:
        job.apply(JobEvent.DEQUEUED, at=START)
        job.apply(event, at=START)
        if job.status is not JobStatus.PENDING:
            job.apply(JobEvent.DUE, at=START)
    assert job.attempt == endings.count(JobEvent.ERRED)
    assert job.crashes == sum(event in CRASHES for event in endings)


def test_a_job_shows_itself_as_json_safe_values() -> None:
    """In the shape that the API and the command line show."""
    job = new_job()
    job.apply(JobEvent.DEQUEUED, at=START + timedelta(milliseconds=1))
    shown = job.to_dict()
    assert (shown["status"], shown["attempt"], shown["priority"]) == ("processing", 1, "normal")
    assert (shown["started_at"], shown["finished_at"]) == ("2026-03-01T00:00:00.001+00:00", None)
