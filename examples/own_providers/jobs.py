"""Handlers that say by type what they need: as a function and as a class."""

from __future__ import annotations

from pydantic import BaseModel

from hexjobs import JobContext, PermanentError, job_handler
from own_providers.parts import Ledger


class Payment(BaseModel):
    """The payload of both."""

    amount: int


@job_handler("book_payment", max_retries=5)
def book_payment(context: JobContext, payload: Payment, ledger: Ledger) -> None:
    """Book a payment once, also where this job runs again."""
    if payload.amount <= 0:
        raise PermanentError("there is nothing to book")
    ledger.book(context.job_id, payload.amount)


class BookRefund:
    """The same the other way round, as a class: its dependencies come with the constructor."""

    job_type = "book_refund"
    payload_model = Payment

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def execute(self, context: JobContext, payload: Payment) -> None:
        """Runs on the event loop."""
        self._ledger.book(context.job_id, -payload.amount)
