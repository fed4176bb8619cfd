"""OwnEffects: the effects of a run without a store, as in the unit test of a handler."""

from __future__ import annotations


class OwnEffects:
    """Keeps the results in a mapping; give the same one to several contexts to test a second run."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def recorded(self, key: str) -> bytes | None:
        """See `Effects.recorded`."""
        return self.values.get(key)

    async def record(self, key: str, value: bytes) -> bytes:
        """See `Effects.record`."""
        return self.values.setdefault(key, value)
