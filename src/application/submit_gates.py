"""LoopGate and ThreadGate: where concurrent submits meet and wait for one another, in an event loop or in threads."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary, ref

from .intake import run_to_end
from .submit_line import Signal, SubmitLine
from .this_process import this_process

T = TypeVar("T")
# A thread may be interrupted after it has read the answers of others and before it has woken them: they look again.
LOOK_AGAIN_SECONDS = 1.0


class Gate(Protocol):
    """Where concurrent submits meet."""

    def line(self) -> SubmitLine:
        """The line of all that can wait for one another with the caller."""
        ...

    def caller(self) -> object:
        """What tells a caller again that submits while it submits; None where that cannot be."""
        ...

    def signal(self) -> Signal:
        """A new signal for the caller to wait for."""
        ...

    async def give_way(self) -> None:
        """Let those go on who were woken, where that is a matter of a moment: what they submit next gathers again."""
        ...

    async def begin(self, operation: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """Begin an operation. It goes on while the caller does something else, where that is possible."""
        ...


class LoopSignal:
    """A signal between tasks of one event loop."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future: asyncio.Future[None] | None = None

    async def wait(self) -> bool:
        """See `Signal.wait`."""
        self._future = asyncio.get_running_loop().create_future()
        await self._future
        return True

    def wake(self) -> None:
        """See `Signal.wake`. Who does not wait at this moment is on its way to look."""
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


def _no_loop() -> None:
    """As the reference to a loop that is gone."""


class LoopGate:
    """For tasks. Each event loop has a line of its own."""

    def __init__(self) -> None:
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, SubmitLine] = WeakKeyDictionary()
        self._last: tuple[Callable[[], object], SubmitLine] = _no_loop, SubmitLine()

    def line(self) -> SubmitLine:
        """See `Gate.line`."""
        loop = asyncio.get_running_loop()
        last, line = self._last
        if last() is not loop:
            line = self._lines.get(loop) or self._lines.setdefault(loop, SubmitLine())
            self._last = ref(loop), line
        return line

    def caller(self) -> None:
        """See `Gate.caller`. A task that waits does nothing else."""

    def signal(self) -> LoopSignal:
        """See `Gate.signal`."""
        return LoopSignal()

    async def give_way(self) -> None:
        """See `Gate.give_way`. They are the next to run."""
        await asyncio.sleep(0)

    async def begin(self, operation: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """See `Gate.begin`. The operation has had its first turn on return."""
        task = asyncio.create_task(operation)
        try:
            await asyncio.sleep(0)
        except BaseException:
            task.cancel()
            raise
        return task


class ThreadSignal:
    """A signal between threads, or between greenlets where gevent has patched the standard library."""

    __slots__ = ("_woken",)

    def __init__(self) -> None:
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()

    async def wait(self) -> bool:
        """See `Signal.wait`. Blocks the thread."""
        try:
            self._woken.get(timeout=LOOK_AGAIN_SECONDS)
        except queue.Empty:
            return False
        return True

    def wake(self) -> None:
        """See `Signal.wake`."""
        self._woken.put(None)


class ThreadGate:
    """For threads. A forked child begins with a line of its own: those who wait in the other are not there."""

    caller = staticmethod(threading.get_ident)

    def __init__(self) -> None:
        self._of_process = this_process.number, SubmitLine()

    def line(self) -> SubmitLine:
        """See `Gate.line`."""
        process, line = self._of_process
        if process != this_process.number:
            process, line = self._of_process = this_process.number, SubmitLine()
        return line

    def signal(self) -> ThreadSignal:
        """See `Gate.signal`."""
        return ThreadSignal()

    async def give_way(self) -> None:
        """See `Gate.give_way`. When threads go on is not known: nobody waits for them."""

    async def begin(self, operation: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """See `Gate.begin`. A thread does one thing after the other: the operation has ended on return."""
        return await run_to_end(operation)
