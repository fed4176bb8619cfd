"""The TLS side of test servers: a certificate for localhost, hooks.example.test and 127.0.0.1."""

from __future__ import annotations

import ssl
from pathlib import Path

_FOLDER = Path(__file__).parent / "pem"
AUTHORITY = str(_FOLDER / "authority.pem")


def server_context() -> ssl.SSLContext:
    """What a test server speaks TLS with; clients trust it by `AUTHORITY`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_FOLDER / "server.pem")
    return context
