"""AsyncTransport: the transport for event loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from .address import Address
from .scripts import Script
from .transport import Argument

if TYPE_CHECKING:
    from .calls import Calls


class AsyncTransport:
    """Transport for event loops. Each loop has connections of its own: one for all calls, and one for each wait.

    They are closed at the latest when that loop shuts down its asynchronous generators, as `asyncio.run` does. A caller
    that is cancelled does not get its answer, and harms no other.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._calls: dict[asyncio.AbstractEventLoop, Calls] = {}
        self._stays: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}

    def run(
        self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False
    ) -> Coroutine[Any, Any, Any]:
        """See `Transport.run`."""
        calls = self._calls.get(asyncio.get_running_loop())
        if calls is None:
            return self._run_first(script, arguments, repeatable)
        return calls.run(script, arguments, repeatable)

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        calls = self._calls.get(asyncio.get_running_loop()) or await self._begin()
        return await calls.execute(command)

    async def wait(self, *command: Argument, longest: float, exactly: bool = False) -> Any:
        """See `Transport.wait`."""
        calls = self._calls.get(asyncio.get_running_loop()) or await self._begin()
        return await calls.wait(command, longest, exactly=exactly)

    async def close(self) -> None:
        """See `Transport.close`."""
        stay = self._stays.get(asyncio.get_running_loop())
        if stay is not None:
            await stay.aclose()

    async def _run_first(self, script: Script, arguments: Sequence[Argument], repeatable: bool) -> Any:
        # Of several first calls one has begun by now.
        calls = self._calls.get(asyncio.get_running_loop()) or await self._begin()
        return await calls.run(script, arguments, repeatable)

    async def _begin(self) -> Calls:
        from .async_road import AsyncRoad
        from .calls import Calls

        loop = asyncio.get_running_loop()
        calls = self._calls[loop] = Calls(AsyncRoad(self._address), self._address)
        self._stays[loop] = self._stay(loop, calls)
        await anext(self._stays[loop])  # the loop knows of it from here on; nothing suspends
        return calls

    async def _stay(self, loop: asyncio.AbstractEventLoop, calls: Calls) -> AsyncGenerator[None, None]:
        """Close the connections when this generator is closed: by `close`, by its loop's end, or as garbage."""
        try:
            yield
        finally:
            del self._calls[loop], self._stays[loop]
            await calls.close()
