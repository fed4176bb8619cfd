"""Ended calls on their way back from threads."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from hexjobs.adapters.worker.thread_call import ThreadCall
from hexjobs.adapters.worker.thread_returns import ThreadReturns
from support.run import run


class CountingLoop:
    """Forwards wake-ups, and counts them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.wakeups = 0

    def call_soon_threadsafe(self, *arguments: Any, **options: Any) -> None:
        """Noted."""
        self.wakeups += 1
        self._loop.call_soon_threadsafe(*arguments, **options)


def test_what_ends_while_the_loop_is_busy_comes_back_with_one_wake_up() -> None:
    """In the order in which it ended."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        counting: Any = CountingLoop(loop)
        returns = ThreadReturns(counting)
        order: list[int] = []

        def note(number: int, _: object) -> None:
            order.append(number)

        calls = [ThreadCall(lambda: None, returns.put, loop) for _ in range(100)]
        for number, call in enumerate(calls):
            call.future.add_done_callback(partial(note, number))

        def work() -> None:
            for call in calls:
                call.run()
                call.give_back(call)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()  # the loop does nothing else meanwhile
        assert counting.wakeups == 1
        await asyncio.gather(*(call.future for call in calls))
        assert order == list(range(100))

    run(scenario())


class LookedAt(deque[ThreadCall]):
    """Calls another when somebody has found that nothing is left."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then: Callable[[], None] | None = then

    def __len__(self) -> int:
        left = super().__len__()
        if not left and self._then is not None:
            then, self._then = self._then, None
            then()
        return left


def test_what_ends_just_after_the_loop_has_looked_comes_back_too() -> None:
    """Nobody else would wake the loop for it."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        returns = ThreadReturns(loop)
        first, late = (ThreadCall(dict, returns.put, loop) for _ in range(2))

        def in_a_thread(call: ThreadCall) -> None:
            call.run()
            thread = threading.Thread(target=call.give_back, args=(call,))
            thread.start()
            thread.join()

        returns._ended = LookedAt(lambda: in_a_thread(late))
        in_a_thread(first)
        await asyncio.gather(first.future, late.future)

    run(scenario(), deadline=5)


def test_a_loop_that_is_gone_troubles_no_thread() -> None:
    """Whoever asked went with it."""
    loop = asyncio.new_event_loop()
    returns = ThreadReturns(loop)
    call = ThreadCall(lambda: None, returns.put, loop)
    loop.close()
    call.run()
    call.give_back(call)
    assert not call.is_over
