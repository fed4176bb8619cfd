"""Transport: how a command reaches the server. One thin asynchronous and one thin blocking form carry all operations.

Both are `async` in form. The blocking one never suspends, so a caller without an event loop can drive every operation
of this adapter by hand (see `hexjobs.application.blocking`); no operation is written twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ...domain.errors import ServerUnavailable
from .address import CONNECT_SECONDS, READ_SECONDS, Address
from .scripts import Script

if TYPE_CHECKING:
    import redis
    import redis.asyncio

Argument = str | bytes | int | float


class Transport(Protocol):
    """Carries commands. ServerUnavailable where the server cannot be reached, does not answer in time, or is full."""

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """Run a script by its digest, loading it where the server has lost it.

        `repeatable`: once more, on a fresh connection, after one broke; only for scripts that may run twice.
        """
        ...

    async def execute(self, *command: Argument) -> Any:
        """Run one command."""
        ...

    async def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        ...


@contextlib.contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn the client's errors into the port's."""
    import redis.exceptions as errors

    try:
        yield
    except (errors.ConnectionError, errors.TimeoutError, ConnectionError, TimeoutError) as error:
        raise ServerUnavailable(f"the server at {address.label} cannot be reached: {error}") from error
    except (errors.OutOfMemoryError, errors.ReadOnlyError) as error:
        raise ServerUnavailable(f"the server at {address.label} refuses to write: {error}") from error
    except errors.ResponseError as error:
        text = str(error)
        if (
            text.startswith(("MISCONF", "OOM", "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "-OOM"))
            or "OOM" in text
        ):
            raise ServerUnavailable(f"the server at {address.label} refuses: {text}") from error
        raise


def connection_options(address: Address) -> dict[str, Any]:
    """What both clients are made with: bounded reads, no hidden repeats."""
    options: dict[str, Any] = {
        "db": address.db,
        "username": address.username,
        "password": address.password,
        "socket_timeout": READ_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
    }
    if address.socket_path is None:
        options |= {"host": address.host, "port": address.port, "socket_keepalive": True}
    elif isinstance(address.socket_path, str):
        options["path"] = address.socket_path
    if address.tls:
        options |= address.tls_options
    return options


class AsyncTransport:
    """The transport for event loops. Each loop has connections of its own.

    They are closed at the latest when that loop shuts down its asynchronous generators, as `asyncio.run` does.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._clients: dict[asyncio.AbstractEventLoop, redis.asyncio.Redis] = {}
        self._stays: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """See `Transport.run`."""
        import redis.exceptions as errors

        client = await self._connected()
        with translated(self._address):
            try:
                return await client.evalsha(script.sha, 1, f"{arguments[0]!s}:meta", *arguments)
            except errors.NoScriptError:
                return await client.eval(script.text, 1, f"{arguments[0]!s}:meta", *arguments)
            except (errors.ConnectionError, ConnectionError):
                if not repeatable:
                    raise
                return await client.eval(script.text, 1, f"{arguments[0]!s}:meta", *arguments)

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        client = await self._connected()
        with translated(self._address):
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # the client leaves it untyped

    async def close(self) -> None:
        """See `Transport.close`."""
        stay = self._stays.get(asyncio.get_running_loop())
        if stay is not None:
            await stay.aclose()

    async def _connected(self) -> redis.asyncio.Redis:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._build()
            self._stays[loop] = self._stay(loop, client)
            await anext(self._stays[loop])  # the loop knows of it from here on; nothing suspends
        return client

    async def _stay(
        self, loop: asyncio.AbstractEventLoop, client: redis.asyncio.Redis
    ) -> AsyncGenerator[None, None]:
        """Close the client when this generator is closed: by `close`, by its loop's end, or as garbage."""
        try:
            yield
        finally:
            del self._clients[loop], self._stays[loop]
            await client.aclose()

    def _build(self) -> redis.asyncio.Redis:
        import redis.asyncio as client
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        from .embedded_connection import async_connection_class

        pool = client.ConnectionPool(
            connection_class=async_connection_class(self._address),
            retry=Retry(NoBackoff(), 0),
            **connection_options(self._address),
        )
        return client.Redis.from_pool(pool)


class BlockingTransport:
    """The transport for threads: it blocks where the other awaits, and never suspends. Safe to share and to fork."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: redis.Redis | None = None

    async def run(self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False) -> Any:
        """See `Transport.run`."""
        import redis.exceptions as errors

        client = self._connected()
        with translated(self._address):
            try:
                return client.evalsha(script.sha, 1, f"{arguments[0]!s}:meta", *arguments)
            except errors.NoScriptError:
                return client.eval(script.text, 1, f"{arguments[0]!s}:meta", *arguments)
            except (errors.ConnectionError, ConnectionError):
                if not repeatable:
                    raise
                return client.eval(script.text, 1, f"{arguments[0]!s}:meta", *arguments)

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        client = self._connected()
        with translated(self._address):
            return client.execute_command(*command)  # type: ignore[no-untyped-call]  # the client leaves it untyped

    async def close(self) -> None:
        """See `Transport.close`."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> redis.Redis:
        if self._client is None:
            self._client = self._build()
        return self._client

    def _build(self) -> redis.Redis:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        from .embedded_connection import blocking_connection_class

        pool = redis.ConnectionPool(
            connection_class=blocking_connection_class(self._address),
            retry=Retry(NoBackoff(), 0),
            **connection_options(self._address),
        )
        return redis.Redis.from_pool(pool)
