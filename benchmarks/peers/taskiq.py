"""taskiq on Redis streams, 100 tasks at once on uvloop."""

from __future__ import annotations

import asyncio
import os
import sys

from taskiq_redis import RedisStreamBroker

from . import handlers
from .connectionless import Connectionless

broker = RedisStreamBroker(url=handlers.URL)


@broker.task
async def noop(n: int, text: str) -> None:
    """Nothing."""


@broker.task
async def mark(port: int, what: str) -> None:
    """Tell when this began."""
    handlers.mark(port, what)


@broker.task
async def hang(port: int, what: str) -> None:
    """Tell when this began, and go on for ever."""
    handlers.mark(port, what)
    await asyncio.sleep(handlers.FOR_EVER)


class Peer(Connectionless):
    """Submits to taskiq."""

    async def open(self) -> None:
        """See `PeerProgram.open`."""
        await broker.startup()

    async def close(self) -> None:
        """See `PeerProgram.close`."""
        await broker.shutdown()

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        await noop.kiq(handlers.N, handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        await mark.kiq(port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        await hang.kiq(port, what)


def work() -> None:
    """Be a worker."""
    options = ["--workers", "1", "--max-async-tasks", "100", "--log-level", "WARNING"]
    os.execv(sys.executable, [sys.executable, "-m", "taskiq", "worker", f"{__name__}:broker", *options])
