"""An effect that happens once, a circuit, a process of its own, and a clean end when the time is over."""

from __future__ import annotations

import re

from pydantic import BaseModel

from careful_shop.parts import Ledger, Mailbox, Stripe
from hexjobs import JobContext, job_handler


class Order(BaseModel):
    """The payload of `order`."""

    amount: int
    email: str


class Renewal(BaseModel):
    """The payload of `renew`."""

    amount: int


class Search(BaseModel):
    """The payload of `search`, both from anybody."""

    pattern: str
    text: str


class Rows(BaseModel):
    """The payload of `import_rows`."""

    rows: list[str]


@job_handler("order")
async def order(context: JobContext, payload: Order, stripe: Stripe, mailbox: Mailbox) -> str:
    async def charge() -> dict[str, str]:
        return await stripe.charge(payload.amount, idempotency_key=context.idempotency_key)

    charged: dict[str, str] = await context.once("charge", charge)
    await context.once("receipt", lambda: mailbox.send(payload.email, charged["id"]))
    return charged["id"]


@job_handler("renew", circuit="stripe")
async def renew(context: JobContext, payload: Renewal, stripe: Stripe) -> str:
    charged = await stripe.charge(payload.amount, idempotency_key=context.idempotency_key)
    return charged["id"]


@job_handler("search", isolation="process", memory_limit="1GiB", cpu_limit="60s", timeout="2m")
def search(context: JobContext, payload: Search) -> list[str]:
    """In the worker's own process nothing could stop a hostile pattern."""
    return [found[0] for found in re.finditer(payload.pattern, payload.text)]


@job_handler("import_rows", timeout="10m")
def import_rows(context: JobContext, payload: Rows, ledger: Ledger) -> dict[str, int]:
    done = 0
    for row in payload.rows:
        if context.cancelled:
            raise RuntimeError(f"stopped after {done} rows")
        ledger.book(row)
        done += 1
    return {"done": done}
