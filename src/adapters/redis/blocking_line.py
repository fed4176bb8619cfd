"""BlockingLine: one connection for one command at a time."""

from __future__ import annotations

import socket
from typing import Any

import redis

from .answer_reader import INCOMPLETE, answer_reader
from .kernel_bound import kernel_bound

READ_BYTES = 65_536
# A signal's handler lets the kernel begin its wait anew. It ends all the same, unless signals come as often as this.
LONGEST_WAIT_SECONDS = 0.25


class BlockingLine:
    """Sends a command and waits for its answer. `connection` is one of `blocking_connection_class`, connected here.

    The client connects; its own way from a command to an answer takes longer than the command. Whatever `ask` raises but
    a ResponseError leaves a line of no use: the answer may still come.
    """

    def __init__(self, connection: Any) -> None:
        connection.connect()
        self._connection = connection
        self._socket: socket.socket = connection.lend()
        self._read_seconds = self._socket.gettimeout() or 0.0
        self._is_kernel_bound = kernel_bound(self._socket, LONGEST_WAIT_SECONDS)
        self._reader = answer_reader()

    def ask(self, command: bytes) -> Any:
        """The answer to a packed command; what the server refused as the client's error.

        ConnectionError where the connection broke, TimeoutError where it stayed silent for its bound.
        """
        try:
            self._socket.sendall(command)
            answer = self._receive()
        except (TimeoutError, BlockingIOError) as error:
            raise redis.TimeoutError("no answer in time") from error
        except OSError as error:
            raise redis.ConnectionError(f"the connection broke: {error}") from error
        except (redis.InvalidResponse, ValueError, IndexError) as error:
            raise redis.ConnectionError(f"the server's answer makes no sense: {error}") from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def is_well(self) -> bool:
        """Whether nothing is to be read before a command: neither the end nor, after an answer, more bytes."""
        try:
            if not self._is_kernel_bound:
                return not self._connection.can_read()
            self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except (redis.ConnectionError, OSError):
            return False
        return False

    def close(self) -> None:
        """Close at once; an `ask` of another thread fails."""
        self._connection.disconnect()

    def _receive(self) -> Any:
        reader, waited = self._reader, 0.0
        while True:
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                waited += LONGEST_WAIT_SECONDS
                if waited < self._read_seconds:
                    continue
                raise
            if not data:
                raise redis.ConnectionError("the connection broke: closed by the server")
            reader.feed(data)
            answer = reader.gets()
            if answer is not INCOMPLETE:
                return answer
