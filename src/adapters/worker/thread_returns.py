"""ThreadReturns: calls that have ended in their threads, on their way back to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from .thread_call import ThreadCall


class ThreadReturns:
    """Brings ended calls back to one event loop, many with one wake-up of it.

    A wake-up that is on its way takes along what ends until it comes. None is lost: the loop forgets that it was woken
    before it takes what has ended, and a thread puts its call down before it looks whether the loop is woken.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ended: deque[ThreadCall] = deque()
        self._is_woken = False

    def put(self, call: ThreadCall) -> None:
        """Have the loop finish an ended call; from any thread."""
        self._ended.append(call)
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever asked
                self.loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        self._is_woken = False
        ended = self._ended
        while ended:
            ended.popleft().finish()
