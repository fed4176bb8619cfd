"""StartCheck: a look at the server when a process starts."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta

from ..domain.errors import ServerUnavailable
from ..ports.clock import Clock
from .durability import Durability

WITHIN = timedelta(seconds=2)
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0


class StartCheck:
    """Reports the server's risks when the process starts, and refuses the start where durability is required.

    A server that is away, or takes longer than `within`, stops no start: it is looked at as soon as it answers, and
    `until_refused` raises what is wrong then.
    """

    def __init__(self, durability: Durability, clock: Clock, within: timedelta = WITHIN) -> None:
        self._durability = durability
        self._clock = clock
        self._within = within
        self._later: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once. InvalidConfiguration where the server is refused."""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                await self._durability.report()
        except (ServerUnavailable, TimeoutError):
            self._later = asyncio.create_task(self._look_until_it_answers(), name="hexjobs-start-check")

    async def stop(self) -> None:
        """Look no more."""
        task, self._later = self._later, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def until_refused(self) -> None:
        """Raise InvalidConfiguration when a late look refuses the server; never return otherwise."""
        if self._later is not None:
            await asyncio.shield(self._later)
        await asyncio.Event().wait()

    async def _look_until_it_answers(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            await self._clock.sleep(pause * (0.5 + random.random() / 2))  # noqa: S311  # jitter, no secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            with contextlib.suppress(ServerUnavailable):
                return await self._durability.report()
