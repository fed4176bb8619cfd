"""PrefixKeys: every key below a prefix, whatever it is for."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .transport import Transport

PAGE = 1000
PATTERN_CHARACTERS = str.maketrans({character: f"\\{character}" for character in "*?[]^\\-"})


class PrefixKeys:
    """The keys that begin with `prefix:` on one server; found by a scan of all keys, in small steps."""

    def __init__(self, transport: Transport, prefix: str) -> None:
        self._transport = transport
        self._pattern = f"{prefix.translate(PATTERN_CHARACTERS)}:*"

    async def pages(self) -> AsyncIterator[list[bytes]]:
        """The keys, in parts. One that comes or goes meanwhile may be missing, or come twice."""
        cursor: bytes | int = 0
        while True:
            cursor, keys = await self._transport.execute(
                "SCAN", cursor, "MATCH", self._pattern, "COUNT", PAGE
            )
            if keys:
                yield keys
            if int(cursor) == 0:
                return

    async def used_bytes(self) -> int:
        """What the server says that they take, all of each counted."""
        seen: set[bytes] = set()
        async for keys in self.pages():
            seen.update(keys)
        total = 0
        for key in seen:
            total += int(await self._transport.execute("MEMORY", "USAGE", key, "SAMPLES", 0) or 0)
        return total

    async def remove(self) -> int:
        """Remove them; how many they were."""
        removed = 0
        async for keys in self.pages():
            removed += int(await self._transport.execute("UNLINK", *keys))
        return removed
