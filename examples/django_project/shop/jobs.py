"""The handlers of the shop."""

from __future__ import annotations

from pydantic import BaseModel

from hexjobs import JobContext, job_handler
from shop.models import Order


class Receipt(BaseModel):
    """The payload names the row and carries none of it: the handler reads what is true when it runs."""

    order_id: int


@job_handler("send_receipt")
def send_receipt(context: JobContext, payload: Receipt) -> str:
    """A `def` handler runs in a thread, where Django's database layer may be used."""
    order = Order.objects.get(pk=payload.order_id)
    order.receipt_sent = True
    order.save(update_fields=["receipt_sent"])
    return order.email
