"""Channel: whole messages over one socket."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct(">I")
LONGEST = 64 * 1024 * 1024


class Channel:
    """Sends and receives whole messages, each behind its length (four bytes, big endian). Not safe between threads."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """The descriptor, for `poll`."""
        return self._end.fileno()

    def send(self, message: bytes) -> None:
        """Return when it is handed to the kernel; OSError when the other end is gone, ValueError when it is too long."""
        if len(message) > LONGEST:
            raise ValueError(f"{len(message)} bytes are too many for one message")
        self._end.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self) -> bytes | None:
        """The next message; None when there is none any more. ValueError where what came is no message."""
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > LONGEST:
            raise ValueError(f"a message of {length} bytes was announced")
        return self._exactly(length)

    def shutdown(self, how: int) -> None:
        """End one or both directions (`socket.SHUT_WR`, `SHUT_RDWR`), from any thread."""
        self._end.shutdown(how)

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _exactly(self, count: int) -> bytes | None:
        read = bytearray()
        while len(read) < count:
            try:
                part = self._end.recv(min(count - len(read), 1 << 20))
            except ConnectionError:
                return None
            if not part:
                return None
            read += part
        return bytes(read)
