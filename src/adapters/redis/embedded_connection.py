"""Which connection class an address wants.

For a server that may move it asks for its path at each connect. Each connects, and is then taken over by whoever reads
what comes: the client's own way to an answer wakes a task for each, and takes longer than a small command.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import redis
import redis.asyncio

from .address import Address


def blocking_connection_class(address: Address) -> type[Any]:
    """The class of blocking connections for this address."""
    path = address.socket_path
    if callable(path):
        return _lending_socket(_asking(path))
    if path is not None:
        return _lending_socket(redis.UnixDomainSocketConnection)
    return _lending_socket(redis.SSLConnection if address.tls else redis.Connection)


def async_connection_class(address: Address) -> type[Any]:
    """The class of asynchronous connections for this address."""
    path = address.socket_path
    if callable(path):
        return _lending(_asking_async(path))
    if path is not None:
        return _lending(redis.asyncio.UnixDomainSocketConnection)
    return _lending(redis.asyncio.SSLConnection if address.tls else redis.asyncio.Connection)


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


def _lending_socket(base: type[Any]) -> type[Any]:
    class LendingConnection(base):  # type: ignore[misc]  # the base is one of the client's own
        _sock: socket.socket | None

        def lend(self) -> socket.socket:
            """The socket beneath. From now on somebody else reads what comes."""
            if self._sock is None:
                raise redis.ConnectionError("the connection was closed")
            return self._sock

    return LendingConnection


def _lending(base: type[Any]) -> type[Any]:
    class LendingConnection(base):  # type: ignore[misc]  # the base is one of the client's own
        _reader: asyncio.StreamReader | None
        _writer: asyncio.StreamWriter | None

        def lend(self, protocol: asyncio.Protocol) -> asyncio.Transport:
            """The transport beneath. From now on `protocol` is told what it reads."""
            if self._reader is None or self._writer is None or self._reader.at_eof():
                raise redis.ConnectionError("the server closed the connection")
            transport = cast("asyncio.Transport", self._writer.transport)
            transport.set_protocol(protocol)
            return transport

        def abort(self) -> None:
            """Close at once, without a farewell."""
            writer, self._reader, self._writer = self._writer, None, None
            if writer is not None:
                writer.transport.abort()

    return LendingConnection
