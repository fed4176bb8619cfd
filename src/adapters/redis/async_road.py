"""AsyncRoad: the connections of one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from typing import Any

import redis
from redis.exceptions import ResponseError

from .address import Address
from .connection_options import connection_options
from .embedded_connection import async_connection_class
from .line import Line
from .packed import packed


class AsyncRoad:
    """Road for one event loop: one line for the commands of all callers, and one for each that is blocked."""

    def __init__(self, address: Address) -> None:
        self._connection_class = async_connection_class(address)
        self._options = connection_options(address)
        self._lines: set[Line] = set()
        self._shared: Line | None = None
        self._opening: asyncio.Task[Line] | None = None
        self._idle: list[Line] = []
        self._client_ids: dict[Line, int] = {}
        self._is_closed = False

    def ask(self, command: bytes, *, repeatable: bool = False) -> Awaitable[Any]:  # noqa: ARG002  # the loop knows what broke
        """See `Road.ask`."""
        line = self._shared
        if line is None or not line.is_open:
            return self._ask_first(command)
        return line.ask(command)

    async def _ask_first(self, command: bytes) -> Any:
        line = await self._open_shared()
        return await line.ask(command)

    async def ask_blocking(self, command: bytes, longest: float, *, exactly: bool) -> Any:
        """See `Road.ask_blocking`. A connection is used again when its answer was read."""
        line = self._idle.pop() if self._idle else None
        if line is None or not line.is_open:
            line = await self._open()
        alarm: asyncio.Task[None] | None = None
        try:
            if exactly:
                alarm = asyncio.create_task(self._end_wait(await self._client_id(line), longest))
            answer = await line.ask(command, longest)
        except ResponseError:
            self._idle.append(line)
            raise
        except BaseException:
            line.close()
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
        self._idle.append(line)
        return answer

    async def _client_id(self, line: Line) -> int:
        """The number by which the server knows a connection; 0 where it does not tell it."""
        known = self._client_ids.get(line)
        if known is None:
            try:
                known = int(await line.ask(packed("CLIENT", "ID")))
            except ResponseError:  # the user may not ask: its waits end when the server looks at them
                known = 0
            self._client_ids[line] = known
        return known

    async def _end_wait(self, client_id: int, seconds: float) -> None:
        """After these seconds let the server answer a connection that is blocked as if its timeout had come.

        Where this fails the wait ends by itself, a little later. Nobody asks for the outcome: `cancel` forgets it.
        """
        await asyncio.sleep(seconds)
        if client_id:
            await self.ask(packed("CLIENT", "UNBLOCK", client_id))

    async def close(self) -> None:
        """See `Road.close`."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
        lines = tuple(self._lines)
        for line in lines:
            line.close()
        for line in lines:
            await line.closed

    async def _open_shared(self) -> Line:
        """Open the line for all who want it meanwhile: in a task of its own, which no caller's end ends."""
        opening = self._opening
        if opening is None:
            # An empty context: it keeps nothing of the caller's alive as long as the line is.
            opening = asyncio.create_task(self._open(), context=Context())
            opening.add_done_callback(self._opened)
            self._opening = opening
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not opening.cancelled() or (task is not None and task.cancelling()):
                raise
            raise redis.ConnectionError("the connection was closed") from None

    def _opened(self, opening: asyncio.Task[Line]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._shared = opening.result()

    async def _open(self) -> Line:
        connection = self._connection_class(**self._options)
        try:
            await connection.connect()
            line = Line(connection, self._options["socket_timeout"])
        except BaseException:
            connection.abort()
            raise
        self._lines.add(line)
        line.closed.add_done_callback(lambda _: self._lost(line))
        if self._is_closed:
            line.close()
            raise redis.ConnectionError("the connection was closed")
        return line

    def _lost(self, lost: Line) -> None:
        """Close what idles beside a lost line: for that too the server is gone, or has moved."""
        self._lines.discard(lost)
        self._client_ids.pop(lost, None)
        if lost.was_lost:
            for line in tuple(self._lines):
                if line.is_idle:
                    line.close()
