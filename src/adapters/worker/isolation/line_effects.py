"""LineEffects: the effects of a run, recorded by its worker."""

from __future__ import annotations

import asyncio

import msgspec

from .protocol import EffectRecorded, FromChild, RecordEffect
from .worker_line import WorkerLine


class LineEffects:
    """Forwards to the worker; for an `async def` handler (`waits`) in a thread, else without ever suspending."""

    def __init__(self, line: WorkerLine, *, waits: bool) -> None:
        self._line = line
        self._waits = waits

    async def recorded(self, key: str) -> bytes | None:
        """See `Effects.recorded`."""
        found = msgspec.json.decode(await self._ask(EffectRecorded(key)), type=list[msgspec.Raw])
        return bytes(found[0]) if found else None

    async def record(self, key: str, value: bytes) -> bytes:
        """See `Effects.record`."""
        return bytes(await self._ask(RecordEffect(key, msgspec.Raw(value))))

    async def _ask(self, message: FromChild) -> msgspec.Raw:
        if self._waits:
            return await asyncio.to_thread(self._line.ask, message)
        return self._line.ask(message)
