"""Line: one connection for the calls of many."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from math import inf
from typing import Any

import redis

from .answer_reader import INCOMPLETE, answer_reader
from .road import ConnectionBroke

# For an event loop that stood still: what has arrived meanwhile is read before a connection is called silent.
LAST_MOMENT_SECONDS = 0.1


class Line(asyncio.Protocol):
    """Sends commands as they come and gives each its answer, in their order, on one connection and one event loop.

    A command goes out at once when none is under way; those that come while some are go out together, in the next turn
    of the loop. `connection` is a connected one of `async_connection_class`, and the line's from now on. The oldest
    command has its answer within `read_seconds`, and those for which it may block, or the line is silent: it closes, as it
    does when it breaks, when the bytes make no sense, and when the server says that it is of no use (loading, or a replica).
    """

    def __init__(self, connection: Any, read_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._read_seconds = read_seconds
        self._reader = answer_reader()
        self._pending: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._unsent: list[bytes] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_due = inf
        self._nobody = Context()  # empty: what the line sets going keeps nothing of a caller's alive
        self._suspect: asyncio.Future[Any] | None = None
        self._has_answered = False
        self.is_open = True
        self.was_lost = False
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._connection = connection
        self._transport: asyncio.Transport = connection.lend(self)

    @property
    def is_idle(self) -> bool:
        """Whether no answer is awaited."""
        return not self._pending

    def ask(self, command: bytes, blocks: float = 0.0) -> asyncio.Future[Any]:
        """The answer to a packed command, which may block for so many seconds; only while the line is open.

        ConnectionBroke, ConnectionError or TimeoutError when the line closes before. Who cancels the future does not
        get the answer; the command is sent nevertheless.
        """
        if not self._pending:
            self._transport.write(command)
        else:
            if not self._unsent:
                self._loop.call_soon(self._send)
            self._unsent.append(command)
        answer: asyncio.Future[Any] = self._loop.create_future()
        due = self._loop.time() + self._read_seconds + blocks
        self._pending.append((due, answer))
        if due < self._alarm_due:
            self._set_alarm(due)
        return answer

    def close(self, error: redis.RedisError | None = None) -> None:
        """Close at once. What is pending fails with `error`, which says that the line was lost."""
        if not self.is_open:
            return
        self.is_open = False
        self.was_lost = error is not None
        self._connection.abort()
        if self._alarm is not None:
            self._alarm.cancel()
        error = error or redis.ConnectionError("the connection was closed")
        while self._pending:
            _, answer = self._pending.popleft()
            if not answer.done():
                answer.set_exception(type(error)(*error.args))

    def data_received(self, data: bytes) -> None:
        """Give the answers to those who wait."""
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not INCOMPLETE:
                self._give(answer)
        except (redis.InvalidResponse, ValueError, IndexError) as error:
            self.close(redis.ConnectionError(f"the server's answers make no sense: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is pending: the connection broke, or was closed here."""
        kind = ConnectionBroke if self._has_answered else redis.ConnectionError
        self.close(kind(f"the connection broke: {exc or 'closed by the server'}"))
        self.closed.set_result(None)

    def _send(self) -> None:
        commands, self._unsent = self._unsent, []
        if self.is_open:
            self._transport.write(b"".join(commands))

    def _set_alarm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_due = due
        self._alarm = self._loop.call_at(due, self._judge, context=self._nobody)

    def _judge(self) -> None:
        """Close a silent line. One alarm serves all commands: when it goes off, it is set for the oldest by then."""
        self._alarm, self._alarm_due = None, inf
        if not self._pending:
            return
        due, oldest = self._pending[0]
        if self._loop.time() < due:
            self._set_alarm(due)
        elif self._suspect is not oldest:
            self._suspect = oldest
            self._set_alarm(self._loop.time() + LAST_MOMENT_SECONDS)
        else:
            self.close(redis.TimeoutError(f"no answer within {self._read_seconds:g} seconds"))

    def _give(self, answer: Any) -> None:
        _, waiting = self._pending.popleft()
        self._has_answered = True
        if waiting.done():
            return  # cancelled
        if not isinstance(answer, Exception):
            waiting.set_result(answer)
            return
        waiting.set_exception(answer)
        if isinstance(answer, (redis.ConnectionError, redis.ReadOnlyError)):
            self.close(answer)
