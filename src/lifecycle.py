"""Lifecycle: starts hooks in the written order and stops them in reverse, each within its own deadline."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import structlog

from .domain.duration import format_duration

Action = Callable[[], Any]
Failure = tuple[str, BaseException]
log = structlog.get_logger("hexjobs.lifecycle")


@dataclass(frozen=True, slots=True)
class Hook:
    """Something that is started and stopped; either action may be missing.

    An `async def` action runs on the event loop, in a task of its own. A `def` action runs in a daemon thread of its
    own, because no deadline can interrupt the event loop's thread: what has to run there is written `async def`. An
    `on_start` that fails cleans up after itself: its `on_stop` is not called.
    """

    name: str
    on_start: Action | None = None
    on_stop: Action | None = None
    start_deadline: timedelta = timedelta(seconds=30)
    stop_deadline: timedelta = timedelta(seconds=30)


class Lifecycle:
    """Hooks that are started in the order of `add` and stopped in reverse; `async with` does both.

    An action that is late is cancelled, given `grace` to obey, and then left behind.
    """

    def __init__(self, hooks: Iterable[Hook] = (), *, grace: timedelta = timedelta(seconds=1)) -> None:
        self._hooks = list(hooks)
        self._grace = grace.total_seconds()
        self._started: list[Hook] = []
        self._is_running = False
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def add(self, hook: Hook) -> None:
        """Put a hook after those that are there; RuntimeError once they are started."""
        if self._is_running:
            raise RuntimeError(f"hook {hook.name!r} comes too late: the others are started")
        self._hooks.append(hook)

    async def start(self) -> None:
        """Start every hook; does nothing when they are started.

        When one fails or is late, or this call is cancelled, those that had started are stopped, and the first cause
        is raised: what the hook raised, or TimeoutError. What failed after it is logged, and noted on it.
        """
        async with self._lock:
            if self._is_running:
                return
            self._is_running = True
            for hook in self._hooks:
                try:
                    await self._start(hook)
                except BaseException as cause:
                    log.warning("hook_start_failed", hook=hook.name, error=repr(cause))
                    cause.add_note(f"while hook {hook.name!r} was starting")
                    for name, error in await self._to_the_end(self._stop_started):
                        cause.add_note(f"then hook {name!r} failed to stop: {error!r}")
                    raise

    async def stop(self) -> None:
        """Stop what is started; one that fails or is late is logged and keeps no other from stopping.

        Does nothing when all is stopped, and waits for a start or stop that is under way. Goes to the end even when
        it is cancelled, and is cancelled then.
        """
        await self._to_the_end(self._stop_when_started)

    async def _start(self, hook: Hook) -> None:
        if hook.on_start is None:
            self._started.append(hook)
            return
        task = asyncio.create_task(_call(hook.on_start, hook.name))
        try:
            await self._finish(task, hook.start_deadline, f"hook {hook.name!r} took longer to start than")
        finally:
            if task.done() and not task.cancelled() and task.exception() is None:
                self._started.append(hook)  # also when it was late
        log.debug("hook_started", hook=hook.name)

    async def _stop_when_started(self) -> list[Failure]:
        async with self._lock:
            return await self._stop_started()

    async def _stop_started(self) -> list[Failure]:
        failures: list[Failure] = []
        while self._started:
            hook = self._started.pop()
            if hook.on_stop is None:
                continue
            task = asyncio.create_task(_call(hook.on_stop, hook.name))
            try:
                await self._finish(task, hook.stop_deadline, f"hook {hook.name!r} took longer to stop than")
            except Exception as error:  # whatever it is, the others are stopped
                log.exception("hook_stop_failed", hook=hook.name, error=repr(error))
                failures.append((hook.name, error))
            else:
                log.debug("hook_stopped", hook=hook.name)
        self._is_running = False
        return failures

    async def _finish(self, task: asyncio.Task[None], deadline: timedelta, complaint: str) -> None:
        """Wait for the action; raises what it raised, TimeoutError when it is late, RuntimeError when it gave up."""
        task.add_done_callback(_look_at_error)
        try:
            await asyncio.wait({task}, timeout=deadline.total_seconds())
            is_late = not task.done()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=self._grace)
        if is_late:
            raise TimeoutError(f"{complaint} {format_duration(deadline)}")
        if task.cancelled():
            raise RuntimeError("the hook cancelled itself")
        task.result()

    async def _to_the_end(self, stop: Callable[[], Any]) -> list[Failure]:
        """What `stop` returns; a cancellation that arrives meanwhile waits until it is done."""
        task: asyncio.Task[list[Failure]] = asyncio.create_task(stop())
        cancellation = None
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancellation = error
        if cancellation is not None:
            raise cancellation
        return task.result()


async def _call(action: Action, name: str) -> None:
    result = action() if inspect.iscoroutinefunction(action) else await _in_thread(action, name)
    if inspect.isawaitable(result):
        await result


async def _in_thread(action: Action, name: str) -> Any:
    """What the action returns; its thread is left behind when the waiting task is cancelled."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if not outcome.done():
            outcome.set_result((result, error))

    def work() -> None:
        result, raised = None, None
        try:
            result = context.run(action)
        except BaseException as error:  # noqa: BLE001  # raised again where it is awaited
            raised = error
        with suppress(RuntimeError):  # the loop was closed; nobody waits any more
            loop.call_soon_threadsafe(settle, result, raised)

    threading.Thread(target=work, name=f"hexjobs-hook-{name}", daemon=True).start()
    result, raised = await outcome
    if raised is not None:
        raise raised
    return result


def _look_at_error(task: asyncio.Task[None]) -> None:
    """Keep asyncio from complaining about an error that came too late to be raised."""
    if not task.cancelled():
        task.exception()
