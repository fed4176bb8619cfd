"""RestrictedAccess: what a server without credentials answers to the network."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

from .security_headers import Application, Receive, Send

OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/metrics"})
_REASON = (
    "this address can be reached from other machines and no credentials are configured: only "
    f"{', '.join(sorted(OPEN_PATHS))} answer here; set http.host to 127.0.0.1 for the rest"
)
_BODY = json.dumps({"status": "error", "reasons": [_REASON]}).encode()


class RestrictedAccess:
    """ASGI middleware: answers 403 to every path that is not exactly one of `OPEN_PATHS`."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass an open path on, refuse the rest."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else _BODY})
