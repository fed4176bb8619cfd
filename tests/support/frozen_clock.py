"""FrozenClock: a Clock that stands still until it is told to advance."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class FrozenClock:
    """A Clock that stands still until `advance`; sleepers of any thread's event loop return when their time has come."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = timedelta()
        self._lock = threading.Lock()
        self._sleepers: list[tuple[timedelta, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The instant at which the clock stands."""
        return self._start + self._passed

    def milliseconds(self) -> int:
        """That instant in whole milliseconds since 1970."""
        return (self.now() - EPOCH) // MILLISECOND

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._passed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been advanced by `seconds`."""
        future = asyncio.get_running_loop().create_future()
        with self._lock:
            until = self._passed + timedelta(seconds=min(seconds, 1e9))
            if seconds <= 0:
                return
            self._sleepers.append((until, future))
        await future

    def advance(self, seconds: float) -> None:
        """Let time pass; callable from any thread."""
        with self._lock:
            self._passed += timedelta(seconds=seconds)
            due = [future for until, future in self._sleepers if until <= self._passed]
            self._sleepers = [(until, future) for until, future in self._sleepers if until > self._passed]
        for future in due:
            with suppress(RuntimeError):  # its loop is closed: nobody sleeps there any more
                future.get_loop().call_soon_threadsafe(_resolve, future)

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        with self._lock:
            return sum(not future.done() for _, future in self._sleepers)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
