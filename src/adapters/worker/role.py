"""Role: the one shape of all background work. A role does one step at a time and says when it wants the next."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import structlog

from ...domain.errors import ServerUnavailable
from ...ports.clock import Clock

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
log = structlog.get_logger("hexjobs.worker")


class Role(Protocol):
    """One small background duty of a worker."""

    name: str

    async def step(self) -> float:
        """Do what is due; the seconds until the next step is wanted."""
        ...


@runtime_checkable
class LongRole(Role, Protocol):
    """A role whose steps may take minutes: it calls `on_progress`, which is its runner's, for each part of one."""

    on_progress: Callable[[], None]


class RoleRunner:
    """Runs one role until it is stopped.

    A step that cannot reach the server is tried again with exponential backoff and jitter; another error is logged and
    treated alike. `advanced` and `tried` are when a step last succeeded and last began, on the monotonic clock; a role that rests
    after a success counts as trying until it wants its next step.
    """

    def __init__(self, role: Role, clock: Clock) -> None:
        self.role = role
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.advanced = self.tried = clock.monotonic()
        self.failure: str | None = None
        if isinstance(role, LongRole):
            role.on_progress = self._progressed

    @property
    def name(self) -> str:
        """The role's."""
        return self.role.name

    def _progressed(self) -> None:
        self.tried = self._clock.monotonic()

    def start(self) -> None:
        """Begin; does nothing when it runs already."""
        if self._task is None:
            self._task = asyncio.create_task(self._loop(), name=f"hexjobs-{self.role.name}")

    def request_stop(self) -> None:
        """Begin no further step."""
        self._stopping.set()

    async def stop(self, grace_seconds: float = 0.0) -> None:
        """Return when it has ended: by itself within `grace_seconds`, else cancelled."""
        self.request_stop()
        task, self._task = self._task, None
        if task is None:
            return
        if grace_seconds > 0:
            await asyncio.wait({task}, timeout=grace_seconds)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _loop(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            self.tried = self._clock.monotonic()
            try:
                wait = await self.role.step()
            except Exception as error:  # noqa: BLE001  # a role outlives every failure of a step
                wait = pause * (0.5 + random.random() / 2)  # noqa: S311  # jitter, no secret
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                self._failed(error)
            else:
                pause = FIRST_PAUSE_SECONDS
                self.advanced = self._clock.monotonic()
                self.tried = self.advanced + wait
                if self.failure is not None:
                    log.info("role_recovered", role=self.role.name)
                    self.failure = None
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, ServerUnavailable)
        if self.failure is None:
            if known:
                log.warning("server_unavailable", role=self.role.name, error=str(error))
            else:
                log.error("role_failed", role=self.role.name, exc_info=error)
        self.failure = str(error) or repr(error)
