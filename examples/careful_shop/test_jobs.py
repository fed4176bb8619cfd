"""A second run, a service that is down, and a stop, without waiting for any of them."""

from __future__ import annotations

import asyncio

import pytest

from careful_shop.jobs import Order, Renewal, Rows, import_rows, order, renew
from careful_shop.parts import Mailbox, Stripe
from hexjobs import JobContext
from hexjobs.testing import OwnEffects, TestJobs


class FakeService:
    """Stripe and a mailbox: keeps the calls; down where a test says so."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.is_down = False

    async def charge(self, amount: int, *, idempotency_key: str) -> dict[str, str]:
        """See `Stripe.charge`."""
        await self.send("stripe", f"{amount} for {idempotency_key}")
        return {"id": "ch_1"}

    async def send(self, to: str, text: str) -> None:
        """See `Mailbox.send`."""
        if self.is_down:
            raise ConnectionError("down")
        self.calls.append(f"{to}: {text}")


def run_of(job_type: str, attempt: int = 1, effects: OwnEffects | None = None) -> JobContext:
    return JobContext(
        job_id="1",
        job_type=job_type,
        queue="default",
        attempt=attempt,
        max_retries=3,
        fence_token=attempt,
        effects=effects,
    )


def test_a_second_run_charges_nobody() -> None:
    service, effects = FakeService(), OwnEffects()
    payload = Order(amount=5, email="ada@example.com")
    for attempt in (1, 2):
        context = run_of("order", attempt, effects)
        assert asyncio.run(order(context, payload, service, service)) == "ch_1"
    assert service.calls == ["stripe: 5 for hexjobs:1", "ada@example.com: ch_1"]


def test_jobs_are_kept_away_from_a_service_that_is_down() -> None:
    service = FakeService()
    provide = {Stripe: service, Mailbox: service}
    with TestJobs(handlers=["careful_shop.parts", "careful_shop.jobs"], provide=provide) as jobs:
        service.is_down = True
        for _ in range(6):
            jobs.service.submit_job(renew, Renewal(amount=5), max_retries=0)
        report = jobs.drain()
        assert (len(report.failed), len(report.snoozed)) == (5, 1)

        service.is_down = False
        jobs.clock.advance("30s")
        assert [job.result for job in jobs.drain().completed] == ["ch_1"]


def test_an_import_stops_between_two_rows() -> None:
    context, booked = run_of("import_rows"), []

    class Books:
        def book(self, row: str) -> None:
            booked.append(row)
            if row == "second":
                context.cancel()  # as the worker does

    with pytest.raises(RuntimeError, match="stopped after 2 rows"):
        import_rows(context, Rows(rows=["first", "second", "third"]), Books())
    assert booked == ["first", "second"]
