"""Clock: what time it is, and waiting."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting. Tests inject one that stands still."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def milliseconds(self) -> int:
        """The present instant in whole milliseconds since 1970, rounded down."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
