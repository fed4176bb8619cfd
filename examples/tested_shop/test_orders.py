"""Tests of the application, by the fixture `hexjobs_jobs` and by TestJobs itself."""

from __future__ import annotations

import asyncio

import pytest

from hexjobs import JobPriority, JobStatus, PermanentError
from hexjobs.testing import TestJobs
from tested_shop.conftest import FakeMailbox
from tested_shop.orders import Mailbox, place_order, remind


def test_an_order_sends_a_receipt(hexjobs_jobs: TestJobs, mailbox: FakeMailbox) -> None:
    place_order(hexjobs_jobs.service, 7, "ada@example.com")
    hexjobs_jobs.drain(raise_errors=True)
    assert mailbox.sent == [("ada@example.com", "Receipt of order 7")]


def test_what_an_order_submits(hexjobs_jobs: TestJobs) -> None:
    place_order(hexjobs_jobs.service, 7, "ada@example.com")
    hexjobs_jobs.assert_submitted("send_receipt", to="ada@example.com")
    review = hexjobs_jobs.assert_submitted("ask_for_review")
    assert review.status is JobStatus.SCHEDULED
    hexjobs_jobs.assert_not_submitted("send_receipt", order_id=8)


def test_a_review_is_asked_for_after_a_week(hexjobs_jobs: TestJobs, mailbox: FakeMailbox) -> None:
    place_order(hexjobs_jobs.service, 7, "ada@example.com")
    hexjobs_jobs.drain()
    assert len(mailbox.sent) == 1
    hexjobs_jobs.clock.advance("7d")
    hexjobs_jobs.drain()
    assert mailbox.sent[1] == ("ada@example.com", "How was it?")


def test_a_receipt_waits_until_the_mail_server_is_back(hexjobs_jobs: TestJobs, mailbox: FakeMailbox) -> None:
    mailbox.is_away = True
    job_id = place_order(hexjobs_jobs.service, 7, "ada@example.com")
    report = hexjobs_jobs.drain()
    assert [job.job_id for job in report.retried] == [job_id]
    assert isinstance(report.error, ConnectionError)

    mailbox.is_away = False
    assert not hexjobs_jobs.drain(), "the retry comes after a minute"
    hexjobs_jobs.clock.advance("1m")
    assert [job.result for job in hexjobs_jobs.drain().completed] == ["ada@example.com"]


@pytest.mark.hexjobs(eager=True)
def test_an_order_that_does_not_exist_is_refused(hexjobs_jobs: TestJobs) -> None:
    with pytest.raises(PermanentError, match="no such order"):
        place_order(hexjobs_jobs.service, -1, "ada@example.com")


def test_without_a_fixture() -> None:
    mailbox = FakeMailbox()
    with TestJobs(handlers=["tested_shop.orders"], provide={Mailbox: mailbox}) as jobs:
        job_id = place_order(jobs.service, 7, "ada@example.com")
        jobs.drain()
        assert jobs.service.result(job_id) == "ada@example.com"


def test_an_asynchronous_application(mailbox: FakeMailbox) -> None:
    async def test() -> None:
        async with TestJobs(handlers=["tested_shop.orders"], provide={Mailbox: mailbox}) as jobs:
            await remind(jobs.async_service, "ada@example.com")
            reminder = jobs.assert_submitted("ask_for_review", to="ada@example.com")
            assert reminder.priority is JobPriority.LOW
            await jobs.drain_async(raise_errors=True)

    asyncio.run(test())
    assert mailbox.sent == [("ada@example.com", "How was it?")]
