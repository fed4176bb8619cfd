"""RedisQueueControl: QueueControl on Redis or Valkey."""

from __future__ import annotations

from .keys import Keys
from .scripts import script
from .transport import Argument, Transport

PART = 500


class RedisQueueControl:
    """QueueControl on Redis or Valkey, one partition."""

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def pause(self, queue: str) -> bool:
        """See `QueueControl.pause`."""
        return bool(await self._transport.run(script("pause"), [self._keys.prefix, queue]))

    async def resume(self, queue: str) -> bool:
        """See `QueueControl.resume`."""
        return bool(await self._transport.run(script("resume"), [self._keys.prefix, queue]))

    async def purge(self, queue: str) -> int:
        """See `QueueControl.purge`. In parts, so that others have their turn; a job that becomes due meanwhile goes too."""
        removed, cursor, is_first = 0, 0, True
        while is_first or cursor:
            arguments: list[Argument] = [self._keys.prefix, queue, cursor, PART]
            gone, cursor = await self._transport.run(script("purge_delayed"), arguments)
            removed, is_first = removed + gone, False
        gone = PART
        while gone == PART:
            gone = await self._transport.run(script("purge_waiting"), [self._keys.prefix, queue, PART])
            removed += gone
        return removed
