"""ThreadCaller: calls handlers, `async def` on the event loop and `def` in threads of its own."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any, Protocol

import structlog

from ...application.handler_registry import BoundHandler
from ...application.job_context import JobContext
from .thread_call import ThreadCall
from .thread_returns import ThreadReturns

JobScope = Callable[[JobContext], AbstractContextManager[Any]]
log = structlog.get_logger("hexjobs.worker")


class IsolatedCalls(Protocol):
    """Runs handlers in processes of their own."""

    def run(self, handler: BoundHandler, context: Any, payload: bytes) -> Any:
        """What the handler came to. Blocks until its process is gone; `context.cancel()` kills it."""
        ...

    def close(self) -> None:
        """End what was started for all runs."""
        ...


class ThreadCaller:
    """Calls handlers inside the job scopes.

    A thread is made when none is idle, kept for the next job, and is a daemon: one that a handler never gives back
    cannot keep the process from ending. A call that is cancelled after its context was told `cancelled` is interrupted
    and waited for; cancelled once more, or without that, it is left to itself. An interrupted thread is not used again.
    """

    def __init__(self, scopes: Sequence[JobScope] = (), isolated: IsolatedCalls | None = None) -> None:
        self._scopes = tuple(scopes)
        self._isolated = isolated
        self._work: queue.SimpleQueue[ThreadCall | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0
        self._made = 0
        self._returns: ThreadReturns | None = None

    def __call__(self, handler: BoundHandler, context: JobContext, payload: Any) -> Awaitable[Any]:
        """To be awaited: what the handler returned; raises what it raised."""
        if handler.is_isolated:
            return self._in_process(handler, context, payload)
        if not handler.is_async:
            return self._in_thread(partial(self._call, handler, context, payload), context)
        if self._scopes:
            return self._on_loop(handler, context, payload)
        called: Awaitable[Any] = handler.call(context, payload)
        return called

    def close(self) -> None:
        """Let idle threads end, and the helper of isolated handlers; busy ones end after their job."""
        if self._isolated is not None:
            self._isolated.close()
        with self._lock:
            self._idle = 0
            for _ in range(self._threads):
                self._work.put(None)

    async def _on_loop(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        with self._entered(context):
            return await handler.call(context, payload)

    def _call(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        if not self._scopes:
            return handler.call(context, payload)
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

    async def _in_process(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        isolated = self._isolated
        assert isolated is not None, "a caller without a runner is given handlers `without_isolation`"
        try:
            return await self._in_thread(
                lambda: isolated.run(handler, context, payload), context, is_interruptible=False
            )
        except asyncio.CancelledError:
            context.cancel()  # whoever stopped the call: the process ends
            raise

    async def _in_thread(
        self, function: Callable[[], Any], context: JobContext, *, is_interruptible: bool = True
    ) -> Any:
        loop = asyncio.get_running_loop()
        if self._returns is None or self._returns.loop is not loop:
            self._returns = ThreadReturns(loop)
        call = ThreadCall(partial(contextvars.copy_context().run, function), self._returns.put, loop)
        self._hand_over(call)
        try:
            return await call.future
        except asyncio.CancelledError:
            if call.is_over or not context.cancelled:
                raise  # the handler's own, or the loop ends
        if is_interruptible:
            call.interrupt()
        call.future = loop.create_future()
        try:
            await call.future
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # how a stopped run ends changes nothing any more
            log.debug("stopped_run_ended", job_id=context.job_id, error=repr(error))
        raise asyncio.CancelledError

    def _hand_over(self, call: ThreadCall) -> None:
        # Each call has a thread of its own waiting for it, so none waits behind another.
        with self._lock:
            is_new = not self._idle
            if is_new:
                self._threads += 1
                self._made += 1
            else:
                self._idle -= 1
        if is_new:
            name = f"hexjobs-handler-{self._made}"
            try:
                threading.Thread(target=self._serve, name=name, daemon=True).start()
            except BaseException:  # such as no memory for a stack
                self._count_out()
                raise
        self._work.put(call)

    def _serve(self) -> None:
        while (call := self._work.get()) is not None:
            is_free = call.run()
            if is_free:
                with self._lock:
                    self._idle += 1
            call.give_back(call)
            del call
            if not is_free:
                break
        self._count_out()

    def _count_out(self) -> None:
        with self._lock:
            self._threads -= 1
