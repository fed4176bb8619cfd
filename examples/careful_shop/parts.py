"""What the handlers need from outside, and a folder in place of the real services."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

from hexjobs import provider


class Stripe(Protocol):
    """A payment service; ConnectionError where it is down."""

    async def charge(self, amount: int, *, idempotency_key: str) -> dict[str, str]:
        """Take the money; the `id` of the charge."""
        ...


class Mailbox(Protocol):
    """A mail service; ConnectionError where it is down."""

    async def send(self, to: str, text: str) -> None:
        """Send a mail."""
        ...


class Ledger(Protocol):
    """The books."""

    def book(self, row: str) -> None:
        """Keep a row."""
        ...


class FileOfCalls:
    """A line for each call of a service, which is down while a file with the ending `.down` is beside it."""

    def __init__(self, name: str) -> None:
        self._path = Path(os.environ.get("SHOP", ".")) / name

    def note(self, line: str) -> None:
        """Add a line."""
        if self._path.with_suffix(".down").exists():
            raise ConnectionError(f"{self._path.stem} is down")
        with self._path.open("a") as calls:
            calls.write(f"{line}\n")

    async def charge(self, amount: int, *, idempotency_key: str) -> dict[str, str]:
        """See `Stripe.charge`; the real one takes the money of one key once."""
        self.note(f"{amount} {idempotency_key}")
        return {"id": f"charge-of-{idempotency_key}"}

    async def send(self, to: str, text: str) -> None:
        """See `Mailbox.send`."""
        self.note(f"{to} {text}")

    def book(self, row: str) -> None:
        """See `Ledger.book`; it takes its time."""
        time.sleep(0.01)
        self.note(row)


@provider
def stripe() -> Stripe:
    """For handlers with a parameter of type Stripe."""
    return FileOfCalls("stripe.txt")


@provider
def mailbox() -> Mailbox:
    """For handlers with a parameter of type Mailbox."""
    return FileOfCalls("mailbox.txt")


@provider
def ledger() -> Ledger:
    """For handlers with a parameter of type Ledger."""
    return FileOfCalls("ledger.txt")
