"""Channel: JSON messages between the supervisor and one child, over a pair of sockets."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]
LARGEST_READ = 1 << 18
MOST_DESCRIPTORS = 4


class Channel:
    """One end: messages are JSON objects, a line each, with their `type`. Neither reading nor sending ever blocks.

    What the kernel does not take at once waits in an outbox for the next `flush`. Sending is safe to share between
    threads.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end
        self.is_open = True
        self._inbox = b""
        self._outbox = b""
        self._lock = threading.Lock()
        self.descriptors: list[int] = []

    def fileno(self) -> int:
        """The socket's descriptor, for selectors."""
        return self.socket.fileno()

    @property
    def is_behind(self) -> bool:
        """Whether the other end has not taken everything yet."""
        return bool(self._outbox)

    def send(self, message: Message, *, descriptors: Sequence[int] = ()) -> bool:
        """Send a message; whether the kernel has taken it, which then delivers it whatever becomes of this process.

        With `descriptors` the other end gets copies of those files.
        """
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if descriptors and not self._outbox:
                with contextlib.suppress(OSError):
                    line = line[socket.send_fds(self.socket, [line], list(descriptors)) :]
            self._outbox += line
            return self._flush()

    def flush(self) -> bool:
        """Send what waits; whether nothing waits any more."""
        with self._lock:
            return self._flush()

    def receive(self) -> list[Message]:
        """The messages that have come; `is_open` is false once the other end is closed and all is read."""
        while self.is_open:
            try:
                data, descriptors, _, _ = socket.recv_fds(self.socket, LARGEST_READ, MOST_DESCRIPTORS)
            except BlockingIOError:
                break
            except OSError:
                data, descriptors = b"", []
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            self.descriptors += descriptors
            self.is_open = bool(data)
            self._inbox += data
        *lines, self._inbox = self._inbox.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Close this end."""
        self.is_open = False
        self.socket.close()

    def _flush(self) -> bool:
        while self._outbox:
            try:
                sent = self.socket.send(self._outbox[:LARGEST_READ])
            except BlockingIOError:
                return False
            except OSError:  # the other end is gone; reading tells
                self._outbox = b""
                return False
            self._outbox = self._outbox[sent:]
        return True
