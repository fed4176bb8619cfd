"""Where a server is and how to talk to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from ...domain.errors import InvalidConfiguration, Problem

READ_SECONDS = 5.0
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address and the options of a connection to it.

    `socket_path` is asked before each new connection where it is a callable: an embedded server may have been started
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

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        username: str | None = None,
        password: str | None = None,
        db: int = 0,
        tls: bool = False,
        tls_options: dict[str, Any] | None = None,
    ) -> Address:
        """From `host:port` or a `redis://`, `rediss://` or `unix://` URL; what the URL says wins over the keywords."""
        parts = urlsplit(text if "://" in text else f"redis://{text}")
        common: dict[str, Any] = {
            "username": unquote(parts.username) if parts.username else username or None,
            "password": unquote(parts.password) if parts.password else password or None,
        }
        if parts.scheme == "unix":
            return cls(socket_path=parts.path, db=db, **common)
        if parts.scheme not in ("redis", "rediss"):
            raise _wrong(f"{parts.scheme}:// is not known; use host:port, redis://, rediss:// or unix://")
        try:
            port = parts.port or 6379
            database = int(parts.path.strip("/") or db)
        except ValueError:
            raise _wrong("must be host:port or redis://host:port/db, with a numeric port and db") from None
        return cls(
            host=parts.hostname or "localhost",
            port=port,
            db=database,
            tls=tls or parts.scheme == "rediss",
            tls_options=tls_options or {},
            **common,
        )

    @property
    def label(self) -> str:
        """For logs and messages; never with the password."""
        if self.socket_path is not None:
            return "embedded" if callable(self.socket_path) else f"unix://{self.socket_path}"
        return f"{'rediss' if self.tls else 'redis'}://{self.host}:{self.port}/{self.db}"


def _wrong(message: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem("jobs.redis.addr", message)])
