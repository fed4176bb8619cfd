"""Effects: where the results of one run's effects are looked up and recorded."""

from __future__ import annotations

from typing import Protocol


class Effects(Protocol):
    """The recorded effects of the job that one run is about; what `context.once` is made of.

    A run outside of the worker's process forwards both calls. For `def` handlers neither may suspend.
    """

    async def recorded(self, key: str) -> bytes | None:
        """The recorded result (JSON) of an effect, or None. LeaseLost where this run is no longer the current one."""
        ...

    async def record(self, key: str, value: bytes) -> bytes:
        """Record the result (JSON) of an effect that has happened; the result that holds: the first recorded one.

        LeaseLost where this run is no longer the current one, ServerUnavailable where the store did not answer for long.
        """
        ...
