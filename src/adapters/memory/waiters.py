"""Waiters: the dequeues that wait for a job, in event loops of any thread."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from ...ports.clock import Clock


class Waiter:
    """One waiting dequeue. Made and armed in the event loop that waits, signalled from any thread.

    All but `wait` is called with the store's lock held.
    """

    def __init__(self, worker_id: str, queues: Collection[str]) -> None:
        self.worker_id = worker_id
        self.queues = queues
        self.is_woken = False
        """Whether the dequeue should end, whatever else came."""
        self._is_signalled = False
        self._loop = asyncio.get_running_loop()
        self._signal: asyncio.Future[None] = self._loop.create_future()

    def arm(self) -> None:
        """Make ready for a wait: from here on a signal ends it, also one that comes before it began."""
        self._is_signalled = False
        self._signal = self._loop.create_future()

    def signal(self) -> None:
        """End the wait."""
        if self._is_signalled:
            return
        self._is_signalled = True
        with suppress(RuntimeError):  # its loop is closed: nobody waits there any more
            self._loop.call_soon_threadsafe(_resolve, self._signal)

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """Return True at a signal, False after `seconds` of the clock."""
        timer = asyncio.ensure_future(clock.sleep(seconds))
        first: set[asyncio.Future[Any]] = {self._signal, timer}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            await asyncio.wait({timer})
        if self._signal.done():
            return True
        timer.result()
        return False


class Waiters:
    """The waiting dequeues of one store; every method is called with the store's lock held."""

    def __init__(self) -> None:
        self._waiting: set[Waiter] = set()

    def add(self, worker_id: str, queues: Collection[str]) -> Waiter:
        """Register a dequeue of the running event loop."""
        waiter = Waiter(worker_id, queues)
        self._waiting.add(waiter)
        return waiter

    def discard(self, waiter: Waiter) -> None:
        """Forget a dequeue that has ended."""
        self._waiting.discard(waiter)

    def notify(self, queue: str) -> None:
        """Let those who wait for this queue look again."""
        for waiter in self._waiting:
            if queue in waiter.queues:
                waiter.signal()

    def wake(self, worker_id: str) -> None:
        """End the dequeues of this worker."""
        for waiter in self._waiting:
            if waiter.worker_id == worker_id:
                waiter.is_woken = True
                waiter.signal()


def _resolve(signal: asyncio.Future[None]) -> None:
    if not signal.done():
        signal.set_result(None)
