"""Transport: how a command reaches the server. One thin asynchronous and one thin blocking form carry all operations.

Both are `async` in form. The blocking one never suspends, so a caller without an event loop can drive every operation
of this adapter by hand (see `hexjobs.application.blocking`); no operation is written twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .address import Address
from .connection_options import connection_options
from .scripts import Script
from .translated import translated

if TYPE_CHECKING:
    import redis
    import redis.asyncio

Argument = str | bytes | int | float
# Of a command that blocks. Its answer may take READ_SECONDS more, like any other.
LONGEST_BLOCK_SECONDS = 4.0


class Transport(Protocol):
    """Carries commands, and closes what idles when a connection breaks or stays silent.

    ServerUnavailable where the server cannot be reached or does not answer within READ_SECONDS; ServerFull where it has
    no room, and nothing was written. When one connection is of no use, the server is gone or has moved for the idle ones too.
    """

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """Run a script by its digest, loading it where the server has lost it.

        `repeatable`: once more, on a fresh connection, after one broke; only for scripts that may run twice. Not while
        the server is away: in an outage each call makes one connection.
        """
        ...

    async def execute(self, *command: Argument) -> Any:
        """Run one command."""
        ...

    async def wait(self, *command: Argument) -> Any:
        """Run a command that blocks for up to LONGEST_BLOCK_SECONDS, on a connection that only such commands use."""
        ...

    async def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        ...


class AsyncTransport:
    """The transport for event loops. Each loop has connections of its own.

    They are closed at the latest when that loop shuts down its asynchronous generators, as `asyncio.run` does.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._clients: dict[asyncio.AbstractEventLoop, tuple[redis.asyncio.Redis, redis.asyncio.Redis]] = {}
        self._stays: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}
        self._is_away = False

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """See `Transport.run`."""
        import redis.exceptions as errors

        client, _ = await self._connected()
        meta = f"{arguments[0]!s}:meta"
        with translated(self._address):
            try:
                try:
                    answer = await client.evalsha(script.sha, 1, meta, *arguments)
                except errors.NoScriptError:
                    answer = await client.eval(script.text, 1, meta, *arguments)
            except (errors.ConnectionError, ConnectionError) as broken:
                was_away, self._is_away = self._is_away, True
                await _close_idle(client)
                if was_away or not repeatable:
                    raise
                try:
                    answer = await client.eval(script.text, 1, meta, *arguments)
                except errors.ResponseError:
                    raise broken from None  # the first may have run
            except (errors.TimeoutError, errors.ReadOnlyError, TimeoutError):
                await _close_idle(client)
                raise
        self._is_away = False
        return answer

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        client, _ = await self._connected()
        return await self._execute(client, command)

    async def wait(self, *command: Argument) -> Any:
        """See `Transport.wait`."""
        _, client = await self._connected()
        return await self._execute(client, command)

    async def close(self) -> None:
        """See `Transport.close`."""
        stay = self._stays.get(asyncio.get_running_loop())
        if stay is not None:
            await stay.aclose()

    async def _execute(self, client: redis.asyncio.Redis, command: Sequence[Argument]) -> Any:
        import redis.exceptions as errors

        with translated(self._address):
            try:
                return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # the client leaves it untyped
            except (errors.ConnectionError, errors.TimeoutError, ConnectionError, TimeoutError):
                await _close_idle(client)
                raise

    async def _connected(self) -> tuple[redis.asyncio.Redis, redis.asyncio.Redis]:
        loop = asyncio.get_running_loop()
        clients = self._clients.get(loop)
        if clients is None:
            clients = self._clients[loop] = self._build(0.0), self._build(LONGEST_BLOCK_SECONDS)
            self._stays[loop] = self._stay(loop, clients)
            await anext(self._stays[loop])  # the loop knows of it from here on; nothing suspends
        return clients

    async def _stay(
        self, loop: asyncio.AbstractEventLoop, clients: tuple[redis.asyncio.Redis, redis.asyncio.Redis]
    ) -> AsyncGenerator[None, None]:
        """Close the clients when this generator is closed: by `close`, by its loop's end, or as garbage."""
        try:
            yield
        finally:
            del self._clients[loop], self._stays[loop]
            for client in clients:
                await client.aclose()

    def _build(self, longest_block: float) -> redis.asyncio.Redis:
        import redis.asyncio as client
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        from .embedded_connection import async_connection_class

        pool = client.ConnectionPool(
            connection_class=async_connection_class(self._address),
            retry=Retry(NoBackoff(), 0),
            **connection_options(self._address, longest_block=longest_block),
        )
        return client.Redis.from_pool(pool)


class BlockingTransport:
    """The transport for threads: it blocks where the other awaits, and never suspends. Safe to share and to fork."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: redis.Redis | None = None
        self._waiting: redis.Redis | None = None
        self._is_away = False

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """See `Transport.run`."""
        import redis.exceptions as errors

        client = self._connected()
        meta = f"{arguments[0]!s}:meta"
        with translated(self._address):
            try:
                try:
                    answer = client.evalsha(script.sha, 1, meta, *arguments)
                except errors.NoScriptError:
                    answer = client.eval(script.text, 1, meta, *arguments)
            except (errors.ConnectionError, ConnectionError) as broken:
                was_away, self._is_away = self._is_away, True
                client.connection_pool.disconnect(inuse_connections=False)
                if was_away or not repeatable:
                    raise
                try:
                    answer = client.eval(script.text, 1, meta, *arguments)
                except errors.ResponseError:
                    raise broken from None  # the first may have run
            except (errors.TimeoutError, errors.ReadOnlyError, TimeoutError):
                client.connection_pool.disconnect(inuse_connections=False)
                raise
        self._is_away = False
        return answer

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        return self._execute(self._connected(), command)

    async def wait(self, *command: Argument) -> Any:
        """See `Transport.wait`."""
        if self._waiting is None:
            self._waiting = self._build(LONGEST_BLOCK_SECONDS)
        return self._execute(self._waiting, command)

    async def close(self) -> None:
        """See `Transport.close`."""
        clients, self._client, self._waiting = (self._client, self._waiting), None, None
        for client in clients:
            if client is not None:
                client.close()

    def _execute(self, client: redis.Redis, command: Sequence[Argument]) -> Any:
        import redis.exceptions as errors

        with translated(self._address):
            try:
                return client.execute_command(*command)  # type: ignore[no-untyped-call]  # the client leaves it untyped
            except (errors.ConnectionError, errors.TimeoutError, ConnectionError, TimeoutError):
                client.connection_pool.disconnect(inuse_connections=False)
                raise

    def _connected(self) -> redis.Redis:
        if self._client is None:
            self._client = self._build(0.0)
        return self._client

    def _build(self, longest_block: float) -> redis.Redis:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        from .embedded_connection import blocking_connection_class

        pool = redis.ConnectionPool(
            connection_class=blocking_connection_class(self._address),
            retry=Retry(NoBackoff(), 0),
            **connection_options(self._address, longest_block=longest_block),
        )
        return redis.Redis.from_pool(pool)


async def _close_idle(client: redis.asyncio.Redis) -> None:
    """Close what idles in the pool, without suspending: meanwhile another task might take one of them."""
    for connection in tuple(client.connection_pool._available_connections):  # noqa: SLF001  # the public way suspends
        await connection.disconnect(nowait=True)
