"""SystemClock: the machine's own time, for an event loop or for a thread."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's time; `sleep` suspends the task."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def milliseconds(self) -> int:
        """See `Clock.milliseconds`."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)


class BlockingSystemClock(SystemClock):
    """The machine's time; `sleep` blocks the thread and never suspends."""

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        time.sleep(seconds)  # noqa: ASYNC251  # a blocking service drives this without an event loop
