"""Road: connections to one server, by which `Calls` reaches it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

import redis


class ConnectionBroke(redis.ConnectionError):
    """A connection on which the server had answered before: on a fresh one it may answer again."""


class Road(Protocol):
    """Carries packed commands and brings their answers, errors among them as exceptions of the client.

    ConnectionBroke, and the client's ConnectionError and TimeoutError where there is no answer. What idles is closed
    with a connection that turned out to be of no use.
    """

    def ask(self, command: bytes, *, repeatable: bool = False) -> Awaitable[Any]:
        """The answer to a command. `repeatable`: where the connection broke it is asked again, and need not be looked at."""
        ...

    async def ask_blocking(self, command: bytes, longest: float, *, exactly: bool) -> Any:
        """The answer to a command that blocks, on a connection that only such commands use. See `Transport.wait`."""
        ...

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        ...
