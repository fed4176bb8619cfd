"""One process's share in the keeper's server."""

from __future__ import annotations

import contextlib
import json
import socket
import weakref
from collections.abc import Iterator
from typing import Any

from ...domain.errors import ServerUnavailable


class Hold:
    """Keeps the server running until it is closed, garbage, or its last process is gone.

    A forked child has its own copy. Closing it never shuts the connection down, which would end the child's as well.
    """

    def __init__(self, connection: socket.socket, answer: dict[str, Any]) -> None:
        self.answer = answer
        self._connection = connection
        connection.setblocking(False)
        self._close = weakref.finalize(self, connection.close)
        self._close.atexit = False  # the kernel closes it; other exit functions may still need the server

    def is_alive(self) -> bool:
        """Whether the keeper still has the other end. One system call, never blocks."""
        try:
            return self._connection.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Let go."""
        self._close()


def await_hold(connection: socket.socket, patience: float) -> Hold | None:
    """The hold once the server answers, or None if the keeper is just leaving.

    Raises ServerUnavailable when the keeper gave up, TimeoutError when it says nothing for `patience` seconds: while
    the server reads its files the keeper says so each second, so a long append-only file has the time it takes.
    """
    with contextlib.ExitStack() as otherwise:
        otherwise.enter_context(connection)
        for message in messages(connection, patience):
            if "error" in message:
                raise ServerUnavailable(message["error"])
            if "socket" in message:
                otherwise.pop_all()
                return Hold(connection, message)
    return None


def messages(connection: socket.socket, patience: float) -> Iterator[dict[str, Any]]:
    """What the keeper says, until it closes the connection. Raises TimeoutError after `patience` seconds of silence."""
    connection.settimeout(patience)
    text = b""
    try:
        while received := connection.recv(4096):
            *lines, text = (text + received).split(b"\n")
            yield from map(json.loads, lines)
    except TimeoutError:
        raise TimeoutError(f"the keeper said nothing for {patience:.1f} s") from None
    except ConnectionError:
        return
