"""Which connection class an address wants.

For a server that may move it asks for its path at each connect. An asynchronous one says ConnectionError on every event
loop: uvloop raises RuntimeError where a connection broke while it idled, and the client lets that pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import redis
import redis.asyncio

from .address import Address


def blocking_connection_class(address: Address) -> type[Any]:
    """The class of blocking connections for this address."""
    path = address.socket_path
    if callable(path):
        return _asking(path)
    if path is not None:
        return redis.UnixDomainSocketConnection
    return redis.SSLConnection if address.tls else redis.Connection


def async_connection_class(address: Address) -> type[Any]:
    """The class of asynchronous connections for this address."""
    path = address.socket_path
    if callable(path):
        return _telling(_asking_async(path))
    if path is not None:
        return _telling(redis.asyncio.UnixDomainSocketConnection)
    return _telling(redis.asyncio.SSLConnection if address.tls else redis.asyncio.Connection)


def _asking(ask: Callable[[], str]) -> type[Any]:
    class EmbeddedConnection(redis.UnixDomainSocketConnection):
        def _connect(self) -> Any:
            self.path = ask()
            return super()._connect()  # type: ignore[no-untyped-call]  # the client leaves it untyped

    return EmbeddedConnection


def _asking_async(ask: Callable[[], str]) -> type[Any]:
    class EmbeddedConnection(redis.asyncio.UnixDomainSocketConnection):
        async def _connect(self) -> None:
            self.path = await asyncio.to_thread(ask)
            await super()._connect()  # type: ignore[no-untyped-call]  # the client leaves it untyped

    return EmbeddedConnection


def _telling(base: type[Any]) -> type[Any]:
    class TellingConnection(base):  # type: ignore[misc]  # the base is one of the client's own
        async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            try:
                await super().send_packed_command(command, check_health)
            except RuntimeError as error:
                if "closed" not in str(error):
                    raise
                raise redis.ConnectionError(f"the connection has broken: {error}") from error

    return TellingConnection
