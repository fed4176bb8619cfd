"""Marks: what a handler tells the harness, in a datagram. Standard library alone: peers import it in their environments.

The instants are of the monotonic clock, which all processes of a machine share (Node's `process.hrtime` reads it too).
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import Any, Self

HOST = "127.0.0.1"


class MissingMark(Exception):
    """A mark did not come in time."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: what it is about, when the handler began (nanoseconds), and its process's CPU until then (seconds)."""

    what: str
    at: int
    cpu: float


def send_mark(port: int, what: str, at: int, cpu: float = 0.0) -> None:
    """Send one mark."""
    told = json.dumps({"what": what, "at": at, "cpu": cpu}).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(told, (HOST, port))


class Marks:
    """Where marks arrive."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.port = int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def payload(self, what: str) -> dict[str, Any]:
        """The payload of a job that sends this mark."""
        return {"port": self.port, "what": what}

    def wait(self, what: str, seconds: float) -> Mark:
        """The next mark about this; others are passed over. MissingMark when it does not come in time."""
        ends = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(0.001, ends - time.monotonic()))
            try:
                told = json.loads(self._socket.recv(4096))
            except TimeoutError:
                raise MissingMark(f"no mark {what!r} within {seconds:g} s") from None
            if told["what"] == what:
                return Mark(what, int(told["at"]), float(told.get("cpu", 0.0)))
