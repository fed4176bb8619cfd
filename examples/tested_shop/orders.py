"""The application: placing an order submits two jobs, and their handlers are here as well."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from pydantic import BaseModel

from hexjobs import AsyncBackgroundJobService, BackgroundJobService, JobContext, PermanentError, job_handler


class Mailbox(Protocol):
    """What the handlers need from outside."""

    def send(self, to: str, text: str) -> None:
        """Send a mail; ConnectionError where the mail server is away."""


class Receipt(BaseModel):
    """The payload of `send_receipt`."""

    order_id: int
    to: str


class ReviewRequest(BaseModel):
    """The payload of `ask_for_review`."""

    to: str


@job_handler("send_receipt", max_retries=1, retry_delay="1m")
def send_receipt(context: JobContext, payload: Receipt, mailbox: Mailbox) -> str:
    """Send the receipt of an order; the job's result is the address."""
    if payload.order_id < 0:
        raise PermanentError("there is no such order")
    mailbox.send(payload.to, f"Receipt of order {payload.order_id}")
    return payload.to


@job_handler("ask_for_review")
async def ask_for_review(context: JobContext, payload: ReviewRequest, mailbox: Mailbox) -> None:
    """Ask a customer how it was."""
    mailbox.send(payload.to, "How was it?")


def place_order(jobs: BackgroundJobService, order_id: int, to: str) -> str:
    """Take an order; the id of the job that sends its receipt."""
    job_id = jobs.submit_job(send_receipt, Receipt(order_id=order_id, to=to))
    jobs.submit_job(ask_for_review, ReviewRequest(to=to), delay=timedelta(days=7))
    return job_id


async def remind(jobs: AsyncBackgroundJobService, to: str) -> str:
    """Ask once more, from an asynchronous application."""
    return await jobs.submit_job(ask_for_review, ReviewRequest(to=to), priority="low")
