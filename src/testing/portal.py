"""Portal: an event loop for tests that have none."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

R = TypeVar("R")
Desk = queue.SimpleQueue[Callable[[], None] | None]
_desk: contextvars.ContextVar[Desk | None] = contextvars.ContextVar("hexjobs_desk", default=None)


class Portal:
    """Runs coroutines on an event loop in a thread of its own, started at the first need, one for all of them.

    Meanwhile the calling thread does what they hand it by `in_calling_thread`. So `def` handlers run in the test's own
    thread, outside of any event loop, where a database transaction of the test is visible.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None

    def run(self, coroutine: Coroutine[Any, Any, R], instead: str) -> R:
        """What the coroutine returns; inside a running event loop RuntimeError names what to use `instead`."""
        if is_loop_running():
            coroutine.close()
            raise RuntimeError(f"this would stop the running event loop; use {instead}")
        desk: Desk = queue.SimpleQueue()
        token = _desk.set(desk)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        finally:
            _desk.reset(token)
        future.add_done_callback(lambda _: desk.put(None))
        try:
            while (call := desk.get()) is not None:
                call()
        except BaseException:  # such as KeyboardInterrupt, and what pytest.fail raises in a fake
            future.cancel()
            raise
        return future.result()

    def close(self) -> None:
        """End the thread; what still runs there is cancelled. A later `run` starts anew."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None or self._loop is None or self._closing is None:
                return
            self._loop.call_soon_threadsafe(self._closing.set)
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._thread is None:
                started: concurrent.futures.Future[None] = concurrent.futures.Future()
                self._thread = threading.Thread(
                    target=self._serve, args=(started,), name="hexjobs-testing", daemon=True
                )
                self._thread.start()
                started.result()
            assert self._loop is not None
            return self._loop

    def _serve(self, started: concurrent.futures.Future[None]) -> None:
        async def until_closed() -> None:
            self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
            started.set_result(None)
            await self._closing.wait()

        asyncio.run(until_closed())


def has_calling_thread() -> bool:
    """Whether this coroutine runs in a portal whose calling thread takes work."""
    return _desk.get() is not None


async def in_calling_thread(function: Callable[[], Any]) -> Any:
    """Let the thread that waits for this portal call the function; what it returns or raises."""
    desk = _desk.get()
    assert desk is not None
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def call() -> None:
        try:
            result = context.run(function)
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001  # raised where it is awaited
            loop.call_soon_threadsafe(_settle, future, None, error)
        else:
            loop.call_soon_threadsafe(_settle, future, result, None)

    desk.put(call)
    return await future


def is_loop_running() -> bool:
    """Whether this thread is inside a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if isinstance(error, StopIteration):
        error = RuntimeError(f"the handler raised {error!r}")
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
