"""RedisAddress: where a Redis server is, taken apart from what people write as `jobs.redis.addr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

_HELP = "write host:port, redis://host:port/db, rediss://host:port/db or unix:///path/to/socket"
_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A host and port, or the path of a socket, and `extras`: the settings that a URL says besides.

    `extras` holds what was written of `username`, `password`, `db` and `tls`. No message repeats the text, which may
    hold a password.
    """

    host: str
    port: int
    socket_path: str | None
    extras: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> RedisAddress:
        """Take the text apart; ValueError says what is legal."""
        scheme, separator, _ = text.partition("://")
        if not separator:
            return cls._of_host(f"//{text}", {})
        if scheme == "unix":
            return cls._of_socket(text)
        if scheme in ("redis", "rediss"):
            return cls._of_host(text, {"tls": True} if scheme == "rediss" else {})
        if scheme in ("redis+sentinel", "sentinel", "redis+cluster"):
            raise ValueError("names a sentinel or a cluster, which is not supported yet")
        raise ValueError(f"has an unknown scheme; {_HELP}")

    @classmethod
    def _of_host(cls, text: str, extras: dict[str, Any]) -> RedisAddress:
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"has a bad host or port; {_HELP}") from None
        database = parts.path.strip("/")
        is_one = host is not None and not any(mark in host for mark in ", \t")
        if not is_one or parts.query or parts.fragment or (text.startswith("//") and database):
            raise ValueError(f"is not the address of one server; {_HELP}")
        if database:
            extras["db"] = _database(database)
        return cls(host or "", _DEFAULT_PORT if port is None else port, None, extras | _user(parts))

    @classmethod
    def _of_socket(cls, text: str) -> RedisAddress:
        parts = urlsplit(text)
        query = parse_qs(parts.query, keep_blank_values=True)
        if parts.hostname or not parts.path.startswith("/") or set(query) - {"db"} or parts.fragment:
            raise ValueError("is not a socket; write unix:///path/to/socket or unix:///path/to/socket?db=1")
        extras = {"db": _database(query["db"][-1])} if query else {}
        return cls("", 0, unquote(parts.path), extras | _user(parts))

    @property
    def text(self) -> str:
        """The address without the extras: `host:port` or `unix:///path`."""
        if self.socket_path is not None:
            return f"unix://{quote(self.socket_path)}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _database(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("has a database that is not a number")
    return int(text)


def _user(parts: Any) -> dict[str, Any]:
    found = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in found.items() if value}
