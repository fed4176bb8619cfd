"""Typed submission as type checkers must accept it. They read this file; nobody runs it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_type

from pydantic import BaseModel

from hexjobs import (
    AsyncBackgroundJobService,
    BackgroundJobService,
    BlockingJobContext,
    EmailPayload,
    EmailService,
    JobContext,
    JobOptions,
    JobPriority,
    JobType,
    StorageService,
    job_handler,
)


class InvoicePayload(BaseModel):
    """What the handlers below take."""

    number: int


class InvoiceResult(BaseModel):
    """What they return."""

    sent: bool


@job_handler("send_invoice", queue="billing", max_retries=5, timeout="30s", priority=JobPriority.HIGH)
async def send_invoice(context: JobContext, payload: InvoicePayload, mail: EmailService) -> InvoiceResult:
    """A coroutine with a dependency."""
    await context.submit_job("archive_invoice", payload)
    return InvoiceResult(sent=callable(mail.send))


@job_handler(
    "archive_invoice", retry_delay=timedelta(seconds=5), backoff=lambda retry: timedelta(seconds=retry)
)
def archive_invoice(
    context: BlockingJobContext, payload: InvoicePayload, mail: EmailService, *, files: StorageService
) -> int:
    """A function for a thread with two dependencies."""
    return payload.number + len([mail, files]) + context.attempt


@job_handler("count_words")
async def count_words(_: JobContext, payload: dict[str, Any]) -> None:
    """A coroutine with an unchecked payload and no result."""
    payload.clear()


declared = JobType("send_invoice", InvoicePayload, queue="billing")

assert_type(send_invoice, JobType[InvoicePayload, InvoiceResult])
assert_type(archive_invoice, JobType[InvoicePayload, int])
assert_type(count_words, JobType[dict[str, Any], None])
assert_type(declared, JobType[InvoicePayload, Any])


def submit(jobs: BackgroundJobService) -> None:
    """Blocking: by function, by declared type, by name."""
    invoice = InvoicePayload(number=1)
    assert_type(jobs.submit_job(send_invoice, invoice), str)
    jobs.submit_job(
        archive_invoice, invoice, priority=JobPriority.LOW, delay=timedelta(minutes=5), queue="billing"
    )
    jobs.submit_job(
        declared, invoice, priority="high", delay="5m", max_retries=0, timeout="none", tags=["monthly"]
    )
    jobs.submit_job(
        count_words, {"text": "to be counted"}, unique_key="words", metadata={"asked by": "somebody"}
    )
    jobs.submit_job("email", {"email_type": "welcome", "to": "user@example.com", "username": "John Doe"})
    jobs.submit_job("send_invoice", invoice, job_id="invoice-1")
    jobs.submit_job_with_options(send_invoice, invoice, JobOptions(queue="billing"))
    jobs.schedule_recurring("monthly", send_invoice, invoice, cron="0 2 1 * *", timezone="Europe/Berlin")
    jobs.schedule_recurring("often", "send_invoice", every="90s", jitter=5, overlap="skip", queue="billing")
    jobs.edit_schedule("often", payload=invoice, every=timedelta(hours=1), end=None, max_retries=0)
    assert_type(jobs.trigger_schedule("often"), str)


async def submit_async(jobs: AsyncBackgroundJobService) -> None:
    """The same from an event loop."""
    assert_type(await jobs.submit_job(send_invoice, InvoicePayload(number=1), max_retries=3), str)
    await jobs.submit_job(count_words, {"text": "to be counted"}, expires_at="2030-01-01T00:00:00+00:00")
    await jobs.submit_job("email", {"email_type": "welcome"}, retention=timedelta(hours=1))
    await jobs.schedule_recurring("monthly", declared, InvoicePayload(number=1), cron="@monthly", grace="1h")


def payload_of(job: EmailPayload) -> EmailPayload:
    """A payload of a shipped job type is a public name too."""
    return job
