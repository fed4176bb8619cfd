"""What was submitted: assertions that match part of a payload, and say what there was instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import ANY

import pytest
from pydantic import BaseModel

from hexjobs import BlockingJobContext, JobPriority, JobStatus, JobType, job_handler
from hexjobs.domain.errors import QueueFull
from hexjobs.testing import TestJobs
from support.worker_harness import handler_module


class Invoice(BaseModel):
    number: int
    day: date
    lines: list[dict[str, Any]] = []
    paid: bool = False


INVOICE: JobType[Invoice, None] = JobType("invoice", Invoice)
MAIL = {"email_type": "welcome", "to": "ada@example.com", "username": "Ada"}


@pytest.fixture
def jobs() -> Iterator[TestJobs]:
    with TestJobs(settings={"queues": {"small": {"max_jobs": 1}}}) as jobs:
        yield jobs


def test_the_job_that_matches_is_returned_as_it_was_submitted(jobs: TestJobs) -> None:
    """With its queue, priority and time; by name or by JobType."""
    at = datetime(2100, 1, 1, tzinfo=UTC)
    jobs.service.submit_job(INVOICE, Invoice(number=1, day=date(2026, 1, 1)))
    jobs.service.submit_job(
        INVOICE, Invoice(number=2, day=date(2026, 1, 2)), priority="high", scheduled_at=at, tags=["a"]
    )
    job = jobs.assert_submitted(INVOICE, number=2)
    assert jobs.assert_submitted("invoice", number=2) is job
    assert (job.priority, job.scheduled_at, job.options.tags) == (JobPriority.HIGH, at, ("a",))
    assert job.status is JobStatus.SCHEDULED
    assert [job.payload.value()["number"] for job in jobs.submitted] == [1, 2]


@pytest.mark.parametrize(
    ("expected", "matches"),
    [
        ({}, True),
        ({"number": 1}, True),
        ({"number": 1, "paid": False}, True),
        ({"number": ANY}, True),
        ({"day": date(2026, 1, 1)}, True),
        ({"day": "2026-01-01"}, True),
        ({"lines": [{"sku": "x"}]}, True),
        ({"lines": ({"price": {"net": 5}},)}, True),
        ({"lines": ANY}, True),
        ({"number": 2}, False),
        ({"number": True}, False),
        ({"paid": 0}, False),
        ({"paid": None}, False),
        ({"nothing": None}, False),
        ({"day": date(2026, 1, 2)}, False),
        ({"day": object()}, False),
        ({"lines": []}, False),
        ({"lines": [{"sku": "y"}]}, False),
        ({"lines": "x"}, False),
    ],
)
def test_fields_that_are_named_must_be_equal_and_others_are_free(
    jobs: TestJobs, expected: dict[str, Any], matches: bool
) -> None:
    """Values are compared as the JSON that they become; mappings inside match in part as well."""
    lines = [{"sku": "x", "price": {"net": 5, "gross": 6}}]
    jobs.service.submit_job(INVOICE, Invoice(number=1, day=date(2026, 1, 1), lines=lines))
    if matches:
        jobs.assert_submitted("invoice", **expected)
        with pytest.raises(AssertionError, match="a job was submitted: 'invoice'"):
            jobs.assert_not_submitted("invoice", **expected)
    else:
        jobs.assert_not_submitted("invoice", **expected)
        with pytest.raises(AssertionError, match="no job 'invoice'"):
            jobs.assert_submitted("invoice", **expected)


def test_a_failure_lists_what_was_submitted_instead(jobs: TestJobs) -> None:
    """Shortened where it is long."""
    with pytest.raises(AssertionError) as raised:
        jobs.assert_submitted("email", to="b@example.com")
    assert str(raised.value) == "no job 'email' with to='b@example.com' was submitted; nothing was submitted"
    jobs.service.submit_job("email", MAIL)
    with pytest.raises(AssertionError) as raised:
        jobs.assert_submitted("email", to="b@example.com")
    assert str(raised.value).splitlines() == [
        "no job 'email' with to='b@example.com' was submitted; submitted were:",
        '  email {"email_type":"welcome","to":"ada@example.com","username":"Ada"}',
    ]
    for _ in range(30):
        jobs.service.submit_job("data_cleanup", {"root": "a", "pattern": "x" * 200, "older_than_hours": 1})
    with pytest.raises(AssertionError) as raised:
        jobs.assert_not_submitted("email")
    assert str(raised.value).splitlines()[0] == "a job was submitted: 'email'; submitted were:"
    assert str(raised.value).splitlines()[-1] == "  and 11 more"


def test_a_type_that_nobody_knows_fails_either_assertion(jobs: TestJobs) -> None:
    """A slip of the pen would let `assert_not_submitted` pass for ever."""
    for check in (jobs.assert_submitted, jobs.assert_not_submitted):
        with pytest.raises(AssertionError, match=r"'emial' is not a known job type.*email"):
            check("emial")


def test_what_was_refused_was_not_submitted(jobs: TestJobs) -> None:
    """By the checks or by a full queue."""
    jobs.service.submit_job("email", MAIL, queue="small")
    with pytest.raises(QueueFull):
        jobs.service.submit_job("email", MAIL, queue="small")
    answers = jobs.service.submit_jobs([("email", {}), ("email", MAIL)])
    assert [isinstance(answer, str) for answer in answers] == [False, True]
    assert len(jobs.submitted) == 2


def test_a_job_with_fields_of_the_names_of_parameters(jobs: TestJobs) -> None:
    """They are fields like any other."""
    odd: JobType[Any, Any] = JobType("odd")
    jobs.service.submit_job(odd, {"self": 1, "job_type": 2, "payload": 3})
    jobs.assert_submitted(odd, self=1, job_type=2, payload=3)


def test_what_handlers_submit_is_there_too() -> None:
    """Once they ran."""

    @job_handler("parent")
    def parent(context: BlockingJobContext, payload: dict[str, Any]) -> None:
        context.submit_job(INVOICE, Invoice(number=1, day=date(2026, 1, 1)), delay="1h")

    with handler_module(parent) as name, TestJobs(handlers=[name]) as jobs:
        jobs.service.submit_job("parent", {})
        assert len(jobs.submitted) == 1
        jobs.drain(raise_errors=True)
        jobs.assert_submitted(INVOICE, number=1)
