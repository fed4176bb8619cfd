"""Which connection class an address wants; for a server that may move, one that asks for its path at each connect."""

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
        return _asking_async(path)
    if path is not None:
        return redis.asyncio.UnixDomainSocketConnection
    return redis.asyncio.SSLConnection if address.tls else redis.asyncio.Connection


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
