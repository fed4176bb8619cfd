"""WatchedCaller: calls handlers as a worker does, and remembers what they raised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ..adapters.worker.thread_caller import JobScope, ThreadCaller
from ..application.handler_registry import BoundHandler
from ..application.job_context import JobContext
from .portal import has_calling_thread, in_calling_thread


class WatchedCaller(ThreadCaller):
    """Tells `raised` the exception of each handler; calls `def` handlers in the test's thread where one waits."""

    def __init__(self, scopes: Sequence[JobScope], raised: Callable[[str, BaseException], None]) -> None:
        super().__init__(scopes)
        self._raised = raised

    async def __call__(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        """What the handler returned; raises what it raised."""
        try:
            return await super().__call__(handler, context, payload)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            self._raised(context.job_id, error)
            raise

    async def _in_thread(
        self, function: Callable[[], Any], context: JobContext, *, is_interruptible: bool = True
    ) -> Any:
        if has_calling_thread():
            return await in_calling_thread(function)
        return await super()._in_thread(function, context, is_interruptible=is_interruptible)
