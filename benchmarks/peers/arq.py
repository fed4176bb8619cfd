"""arq, 100 jobs at once on uvloop, looking for jobs every 10 ms."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

from . import handlers
from .connectionless import Connectionless

SETTINGS = RedisSettings.from_dsn(handlers.URL)


async def noop(context: dict[str, Any], n: int, text: str) -> None:
    """Nothing."""


async def mark(context: dict[str, Any], port: int, what: str) -> None:
    """Tell when this began."""
    handlers.mark(port, what)


async def hang(context: dict[str, Any], port: int, what: str) -> None:
    """Tell when this began, and go on for ever."""
    handlers.mark(port, what)
    await asyncio.sleep(handlers.FOR_EVER)


class Peer(Connectionless):
    """Submits to arq."""

    async def open(self) -> None:
        """See `PeerProgram.open`."""
        self._pool = await create_pool(SETTINGS)

    async def close(self) -> None:
        """See `PeerProgram.close`."""
        await self._pool.aclose()

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        await self._pool.enqueue_job("noop", handlers.N, handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        await self._pool.enqueue_job("mark", port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        await self._pool.enqueue_job("hang", port, what)


def work() -> None:
    """Be a worker."""
    asyncio.set_event_loop(uvloop.new_event_loop())
    Worker([noop, mark, hang], redis_settings=SETTINGS, max_jobs=100, poll_delay=0.01).run()
