"""Connectionless: what peers have in common that connect by themselves and have no call for many jobs."""

from __future__ import annotations


class Connectionless:
    """Opens and closes nothing, submits one by one."""

    has_bulk = False

    async def open(self) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""

    async def bulk(self, count: int) -> None:
        """There is no such call."""
        raise NotImplementedError
