"""BlockingRoad: the connections of a process's threads."""

from __future__ import annotations

from typing import Any

import redis
from redis.exceptions import ReadOnlyError

from .address import Address
from .connection_options import connection_options
from .connection_stack import ConnectionStack
from .embedded_connection import blocking_connection_class
from .transport import LONGEST_BLOCK_SECONDS

# The server is gone, or has moved; a replica's answer leaves its connection among those that idle.
OF_NO_USE = (redis.ConnectionError, redis.TimeoutError, ReadOnlyError, OSError)


class BlockingRoad:
    """Road that blocks and never suspends: each command has a connection for itself. Safe to share and to fork."""

    def __init__(self, address: Address) -> None:
        connection_class = blocking_connection_class(address)
        self._calls = ConnectionStack(connection_class, connection_options(address))
        self._waits = ConnectionStack(
            connection_class, connection_options(address, longest_block=LONGEST_BLOCK_SECONDS)
        )

    async def ask(self, command: bytes, *, repeatable: bool = False) -> Any:
        """See `Road.ask`."""
        try:
            return self._calls.ask(command, repeatable=repeatable)
        except OF_NO_USE:
            self._close_idle()
            raise

    async def ask_blocking(self, command: bytes, longest: float, *, exactly: bool) -> Any:  # noqa: ARG002  # no timer here
        """See `Road.ask_blocking`."""
        try:
            return self._waits.ask(command)
        except OF_NO_USE:
            self._close_idle()
            raise

    async def close(self) -> None:
        """See `Road.close`."""
        self._calls.close()
        self._waits.close()

    def _close_idle(self) -> None:
        self._calls.close_idle()
        self._waits.close_idle()
