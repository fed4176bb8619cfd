"""What the handlers of every peer do, and the payload of those that do nothing."""

from __future__ import annotations

import os
import time

from ..marks import send_mark

N, TEXT = 123456, "abcdefghijklmnopqrstuvwxyz01"
URL = os.environ.get("BENCH_URL", "redis://127.0.0.1:6379/0")
FOR_EVER = 1_000_000.0


def noop(n: int, text: str) -> None:
    """Nothing."""


def mark(port: int, what: str) -> None:
    """Tell when this began."""
    send_mark(port, what, time.monotonic_ns())


def hang(port: int, what: str) -> None:
    """Tell when this began, and hold a thread for ever."""
    mark(port, what)
    time.sleep(FOR_EVER)
