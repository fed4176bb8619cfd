"""WakeSignal: ends a wait in an event loop, from any thread."""

from __future__ import annotations

import asyncio
from typing import Any

from ...ports.clock import Clock


class WakeSignal:
    """One wait. Made and armed in the event loop that waits, signalled from any thread.

    All but `wait` is called with the store's lock held.
    """

    def __init__(self) -> None:
        self._is_signalled = False
        self._loop = asyncio.get_running_loop()
        self._signal: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_signalled(self) -> bool:
        """Whether it was signalled since it was armed."""
        return self._is_signalled

    def arm(self) -> None:
        """Make ready for a wait: from here on a signal ends it, also one that comes before it began."""
        self._is_signalled = False
        self._signal = self._loop.create_future()

    def signal(self) -> bool:
        """End the wait; False where its event loop is closed: nobody waits there any more."""
        if self._is_signalled:
            return True
        self._is_signalled = True
        try:
            self._loop.call_soon_threadsafe(_resolve, self._signal)
        except RuntimeError:
            return False
        return True

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


def _resolve(signal: asyncio.Future[None]) -> None:
    if not signal.done():
        signal.set_result(None)
