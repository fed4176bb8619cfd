"""`run_steadily`: runs a process's event loop, which no task of a handler can end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger("hexjobs.worker")


def run_steadily(
    operation: Callable[[], Coroutine[Any, Any, None]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run a coroutine to its end on an event loop of its own, as `asyncio.run` does.

    SystemExit and KeyboardInterrupt leave an event loop through every task (https://bugs.python.org/issue32528): a task
    that a handler started would end the process, and all other jobs with it. Here the loop goes on: whoever awaits that
    task gets the exception. For a process that takes its signals by handlers of the loop.
    """
    task: asyncio.Task[None] | None = None

    async def follow() -> None:
        nonlocal task
        if task is None:
            task = asyncio.create_task(operation(), name="hexjobs-main")
        await task

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        while True:
            try:
                return runner.run(follow())
            except (SystemExit, KeyboardInterrupt) as error:
                if task is None or task.done():
                    raise
                log.exception("exit_refused", error=repr(error))
