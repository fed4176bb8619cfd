"""connection_options: what every connection to a server is made with."""

from __future__ import annotations

from typing import Any

from .address import CONNECT_SECONDS, READ_SECONDS, Address


def connection_options(address: Address, *, longest_block: float = 0.0) -> dict[str, Any]:
    """Bounded reads, no hidden repeats. A read may take `longest_block` seconds more, for commands that block."""
    read_seconds = min(READ_SECONDS, address.read_seconds)
    options: dict[str, Any] = {
        "db": address.db,
        "username": address.username,
        "password": address.password,
        "socket_timeout": longest_block + read_seconds,
        "socket_connect_timeout": min(CONNECT_SECONDS, read_seconds),
        "protocol": 2,  # the third needs two round trips more for each connection, and brings nothing here
    }
    if address.socket_path is None:
        options |= {"host": address.host, "port": address.port, "socket_keepalive": True}
    elif isinstance(address.socket_path, str):
        options["path"] = address.socket_path
    if address.tls:
        options |= address.tls_options
    return options
