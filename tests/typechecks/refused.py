"""Typed submission as type checkers must refuse it: on each marked line, and on no other. Nobody runs this file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from hexjobs import AsyncBackgroundJobService, BackgroundJobService, JobContext, JobType, job_handler


class InvoicePayload(BaseModel):
    """The right payload."""

    number: int


class OrderPayload(BaseModel):
    """The payload of something else."""

    number: int


@job_handler("send_invoice")
async def send_invoice(_: JobContext, payload: InvoicePayload) -> int:
    """A handler to submit to."""
    return payload.number


declared = JobType("send_invoice", InvoicePayload)


def submit(jobs: BackgroundJobService) -> None:
    """From a thread."""
    invoice = InvoicePayload(number=1)
    jobs.submit_job(send_invoice, OrderPayload(number=1))  # refused: another model
    jobs.submit_job(send_invoice, {"number": 1})  # refused: a mapping in place of the model
    jobs.submit_job(send_invoice)  # refused: no payload
    jobs.submit_job(declared, OrderPayload(number=1))  # refused: another model, declared
    jobs.submit_job(send_invoice, invoice, retries=3)  # refused: there is no such option
    jobs.submit_job(send_invoice, invoice, max_retries="3")  # refused: an option of another type
    jobs.submit_job("send_invoice", invoice, delays=timedelta(minutes=5))  # refused: no such option, by name
    jobs.submit_job("send_invoice", 3)  # refused: no payload at all
    jobs.submit_job(3, invoice)  # refused: no job type
    jobs.schedule_recurring("a", send_invoice, OrderPayload(number=1), every="1h")  # refused: another model
    jobs.schedule_recurring("a", send_invoice, invoice, crn="@daily")  # refused: no such option of a schedule
    jobs.schedule_recurring("a", send_invoice, invoice, every="1h", delay="5s")  # refused: for one submit
    jobs.edit_schedule("a", backlog="all")  # refused: an option of another type
    number: int = jobs.submit_job(send_invoice, invoice)  # refused: the answer is the id, a text
    print(number)  # noqa: T201  # so that it is used


async def submit_async(jobs: AsyncBackgroundJobService) -> None:
    """From an event loop."""
    invoice = InvoicePayload(number=1)
    await jobs.submit_job(send_invoice, OrderPayload(number=1))  # refused: another model
    await jobs.submit_job(send_invoice, invoice, retries=3)  # refused: there is no such option
    await jobs.submit_job(declared, {"number": 1})  # refused: a mapping in place of the model


@job_handler("no_payload")  # refused: a handler takes a context and a payload
async def no_payload(_: JobContext) -> None:
    """One parameter is missing."""


@job_handler("misspelt", max_retry=3)  # refused: there is no such option
async def misspelt(_: JobContext, payload: InvoicePayload) -> None:
    """The option has another name."""


result: JobType[InvoicePayload, str] = send_invoice  # refused: it returns a number
