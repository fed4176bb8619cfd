"""SAQ, 100 jobs at once on uvloop."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop
from saq import Queue, Worker

from . import handlers
from .connectionless import Connectionless

RETRIES = 3
"""With one, the default, the job of a killed worker is not run again."""


async def noop(context: dict[str, Any], *, n: int, text: str) -> None:
    """Nothing."""


async def mark(context: dict[str, Any], *, port: int, what: str) -> None:
    """Tell when this began."""
    handlers.mark(port, what)


async def hang(context: dict[str, Any], *, port: int, what: str) -> None:
    """Tell when this began, and go on for ever."""
    handlers.mark(port, what)
    await asyncio.sleep(handlers.FOR_EVER)


class Peer(Connectionless):
    """Submits to SAQ."""

    async def open(self) -> None:
        """See `PeerProgram.open`."""
        self._queue = Queue.from_url(handlers.URL)
        await self._queue.connect()

    async def close(self) -> None:
        """See `PeerProgram.close`."""
        await self._queue.disconnect()

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        await self._queue.enqueue("noop", retries=RETRIES, n=handlers.N, text=handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        await self._queue.enqueue("mark", retries=RETRIES, port=port, what=what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        await self._queue.enqueue("hang", retries=RETRIES, port=port, what=what)


def work() -> None:
    """Be a worker."""

    async def serve() -> None:
        queue = Queue.from_url(handlers.URL)
        await queue.connect()
        await Worker(queue, functions=[noop, mark, hang], concurrency=100).start()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
