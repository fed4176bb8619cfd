"""ConnectionStack: blocking connections, of which each command takes one for itself."""

from __future__ import annotations

from typing import Any

import redis
from redis.exceptions import ResponseError

from .blocking_line import BlockingLine
from .road import ConnectionBroke


class ConnectionStack:
    """Connections that idle, the last one used on top. For any number of threads or greenlets of one process.

    It has no lock: what a thread takes is its own until it gives it back, and whatever ends a command before its answer
    was read closes that connection. `options` are those of `connection_class`.
    """

    def __init__(self, connection_class: type[Any], options: dict[str, Any]) -> None:
        self._connection_class = connection_class
        self._options = options
        self._idle: list[BlockingLine] = []
        self._open: set[BlockingLine] = set()
        self._is_closed = False

    def ask(self, command: bytes, *, repeatable: bool = False) -> Any:
        """The answer to a packed command; the client's errors, and ConnectionBroke where one broke that had answered.

        What idles is looked at before it is used, but for a `repeatable` command: that is asked again where it broke.
        """
        line: BlockingLine | None
        try:
            line = self._idle.pop() if repeatable else self._well()
        except IndexError:
            line = None
        is_fresh = line is None
        if line is None:
            line = self._connected()
        try:
            answer = line.ask(command)
        except ResponseError:
            self._idle.append(line)
            raise
        except redis.ConnectionError as error:
            self._close(line)
            if is_fresh:
                raise
            raise ConnectionBroke(str(error)) from error
        except BaseException:
            self._close(line)
            raise
        self._idle.append(line)
        return answer

    def close_idle(self) -> None:
        """Close what no command uses."""
        idle, self._idle = self._idle, []
        for line in idle:
            self._close(line)

    def close(self) -> None:
        """Close all for good; what other threads wait for fails."""
        self._is_closed = True
        self._idle = []
        for line in tuple(self._open):
            self._close(line)

    def _well(self) -> BlockingLine:
        """The next that idles and is well: the server may have been started anew meanwhile. IndexError for none."""
        while True:
            line = self._idle.pop()
            if line.is_well():
                return line
            self._close(line)

    def _connected(self) -> BlockingLine:
        if self._is_closed:
            raise redis.ConnectionError("the connection was closed")
        line = BlockingLine(self._connection_class(**self._options))
        self._open.add(line)
        return line

    def _close(self, line: BlockingLine) -> None:
        self._open.discard(line)
        line.close()
