"""Gate: where a worker stands still with every slot held, between one measure and the next. Standard library alone."""

from __future__ import annotations

import socket
from typing import Any, Self

HOST = "127.0.0.1"


class Gate:
    """A worker comes to it when jobs of the handler `hold` have all of its slots, and leaves it when it is let go."""

    def __init__(self, slots: int) -> None:
        self._listener = socket.create_server((HOST, 0))
        self._held: socket.socket | None = None
        self.payload: dict[str, Any] = {"port": self._listener.getsockname()[1], "slots": slots}
        """Of each job that holds a slot."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        self._listener.close()

    def wait(self, seconds: float) -> None:
        """Wait until a worker stands here; TimeoutError when none comes in time."""
        self._listener.settimeout(seconds)
        self._held, _ = self._listener.accept()

    def open(self) -> None:
        """Let it go on."""
        if self._held:
            self._held.close()
            self._held = None
