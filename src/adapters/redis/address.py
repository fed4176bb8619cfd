"""Where a server is and how to talk to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

READ_SECONDS = 5.0
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address and the options of a connection to it.

    An answer is awaited for `read_seconds` at most, a connection likewise. `socket_path` is asked before each new connection where it is a callable: an embedded server may have been started
    anew elsewhere.
    """

    host: str = "localhost"
    port: int = 6379
    socket_path: str | Callable[[], str] | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    db: int = 0
    tls: bool = False
    tls_options: dict[str, Any] = field(default_factory=dict)
    read_seconds: float = READ_SECONDS

    @property
    def label(self) -> str:
        """For logs and messages; never with the password."""
        if self.socket_path is not None:
            return "embedded" if callable(self.socket_path) else f"unix://{self.socket_path}"
        return f"{'rediss' if self.tls else 'redis'}://{self.host}:{self.port}/{self.db}"
