"""`quiet_uvicorn`: a uvicorn server that leaves signals and logging alone; imported only where uvicorn is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


class _QuietProtocol(H11Protocol):
    """Logs no access. `access_log=False` of uvicorn would do it by taking the handlers from the logger
    `uvicorn.access`, which an application of the user's in this process may need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False


class _QuietServer(uvicorn.Server):
    """Sets an event when it listens, and leaves signals to the process."""

    def __init__(self, config: uvicorn.Config, listening: asyncio.Event) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def quiet_uvicorn(app: Callable[..., Any], listening: asyncio.Event, stop_seconds: int) -> uvicorn.Server:
    """A server for `app`; `listening` is set once it accepts connections."""
    config = uvicorn.Config(
        app,
        http=_QuietProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=stop_seconds,
    )
    return _QuietServer(config, listening)
