"""Fakes for what the handlers need from outside."""

from __future__ import annotations

from typing import Any

import pytest

from tested_shop.orders import Mailbox


class FakeMailbox:
    """Keeps what was sent; away where a test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.is_away = False

    def send(self, to: str, text: str) -> None:
        """See `Mailbox.send`."""
        if self.is_away:
            raise ConnectionError("the mail server is away")
        self.sent.append((to, text))


@pytest.fixture
def mailbox() -> FakeMailbox:
    """The mailbox of this test."""
    return FakeMailbox()


@pytest.fixture
def hexjobs_provide(mailbox: FakeMailbox) -> dict[Any, Any]:
    """Handlers that ask for a Mailbox are given the fake one."""
    return {Mailbox: mailbox}
