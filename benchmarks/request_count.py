"""RequestCount: how many requests reach a server, those inside scripts not counted."""

from __future__ import annotations

import re
import socket
from typing import Self

from .server import HOST, Server

INSIDE_A_SCRIPT = re.compile(rb"^\+\d+\.\d+ \[\d+ lua\] ")
DRAIN_SECONDS = 0.2


class RequestCount:
    """Listens to a server with MONITOR; what it says while nobody reads waits in the connection, so a little at most."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection((HOST, server.port))
        self._socket.sendall(b"MONITOR\r\n")
        self._socket.recv(len(b"+OK\r\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def read(self) -> int:
        """Requests since the beginning, or since it was read before."""
        told = b""
        self._socket.settimeout(DRAIN_SECONDS)
        try:
            while part := self._socket.recv(1 << 16):
                told += part
        except TimeoutError:
            pass
        return sum(1 for line in told.splitlines() if line and not INSIDE_A_SCRIPT.match(line))
