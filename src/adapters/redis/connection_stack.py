"""ConnectionStack: blocking connections, of which each command takes one for itself."""

from __future__ import annotations

from typing import Any

import redis
from redis.exceptions import ResponseError

from .road import ConnectionBroke


class ConnectionStack:
    """Connections that idle, the last one used on top. For any number of threads or greenlets of one process.

    It has no lock: what a thread takes is its own until it gives it back, and whatever ends a command before its answer
    was read closes that connection. `options` are those of `connection_class`.
    """

    def __init__(self, connection_class: type[Any], options: dict[str, Any]) -> None:
        self._connection_class = connection_class
        self._options = options
        self._idle: list[Any] = []
        self._open: set[Any] = set()
        self._is_closed = False

    def ask(self, command: bytes) -> Any:
        """The answer to a packed command; the client's errors, and ConnectionBroke where one broke that had answered."""
        connection = self._idle_one()
        is_fresh = connection is None
        if connection is None:
            connection = self._connected()
        try:
            connection.send_packed_command((command,), check_health=False)
            answer = connection.read_response()
        except ResponseError:
            self._idle.append(connection)
            raise
        except (redis.ConnectionError, OSError) as error:
            self._close(connection)
            if is_fresh:
                raise
            raise ConnectionBroke(str(error)) from error
        except BaseException:
            self._close(connection)
            raise
        self._idle.append(connection)
        return answer

    def close_idle(self) -> None:
        """Close what no command uses."""
        idle, self._idle = self._idle, []
        for connection in idle:
            self._close(connection)

    def close(self) -> None:
        """Close all for good; what other threads wait for fails."""
        self._is_closed = True
        self._idle = []
        for connection in tuple(self._open):
            self._close(connection)

    def _idle_one(self) -> Any:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if _is_well(connection):  # the server may have been started anew meanwhile
                return connection
            self._close(connection)
        return None

    def _connected(self) -> Any:
        if self._is_closed:
            raise redis.ConnectionError("the connection was closed")
        connection = self._connection_class(**self._options)
        connection.connect()
        self._open.add(connection)
        return connection

    def _close(self, connection: Any) -> None:
        self._open.discard(connection)
        connection.disconnect()


def _is_well(connection: Any) -> bool:
    """Whether nothing is to be read: neither the end nor, after an answer, more bytes."""
    try:
        return not connection.can_read()
    except redis.ConnectionError:
        return False
