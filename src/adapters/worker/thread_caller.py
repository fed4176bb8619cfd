"""ThreadCaller: calls handlers, `async def` on the event loop and `def` in threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from ...application.handler_registry import BoundHandler
from ...application.job_context import JobContext

JobScope = Callable[[JobContext], AbstractContextManager[Any]]
Work = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class ThreadCaller:
    """Calls handlers inside the job scopes.

    A thread is made when none is idle, kept for the next job, and is a daemon: one that a handler never gives back
    cannot keep the process from ending.
    """

    def __init__(self, scopes: Sequence[JobScope] = ()) -> None:
        self._scopes = tuple(scopes)
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0
        self._made = 0

    async def __call__(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        """What the handler returned; raises what it raised."""
        if handler.is_async:
            if not self._scopes:
                return await handler.call(context, payload)
            with self._entered(context):
                return await handler.call(context, payload)
        return await self._in_thread(lambda: self._call(handler, context, payload))

    def close(self) -> None:
        """Let idle threads end; busy ones end after their job."""
        with self._lock:
            self._idle = 0
            for _ in range(self._threads):
                self._work.put(None)

    def _call(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        with self._entered(context):
            return handler.call(context, payload)

    def _entered(self, context: JobContext) -> ExitStack:
        stack = ExitStack()
        try:
            for scope in self._scopes:
                stack.enter_context(scope(context))
        except BaseException:
            stack.close()
            raise
        return stack

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        current = contextvars.copy_context()
        with self._lock:
            # Each piece of work has a thread of its own waiting for it, so none waits behind another.
            thread = None
            if self._idle:
                self._idle -= 1
            else:
                self._threads += 1
                self._made += 1
                name = f"hexjobs-handler-{self._made}"
                thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self._work.put((lambda: current.run(function), loop, future))
        if thread is not None:
            thread.start()
        return await future

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            function, loop, future = work
            result, error = None, None
            try:
                result = function()
            except BaseException as raised:  # noqa: BLE001  # sys.exit in a handler ends the job, not the thread
                error = raised
            with self._lock:
                self._idle += 1
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever asked
                loop.call_soon_threadsafe(self._finish, future, result, error)
            del work, function, future, result, error
        with self._lock:
            self._threads -= 1

    def _finish(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        if future.done():
            return  # nobody waits for it any more
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration):
            future.set_exception(RuntimeError(f"the handler raised {error!r}"))
        else:
            future.set_exception(error)
