"""Huey on Redis, in eight threads, without results."""

from __future__ import annotations

from huey import RedisHuey

from . import handlers
from .connectionless import Connectionless

huey = RedisHuey("peer", url=handlers.URL, results=False)
noop = huey.task()(handlers.noop)
mark = huey.task()(handlers.mark)
hang = huey.task()(handlers.hang)


class Peer(Connectionless):
    """Submits to Huey."""

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        noop(handlers.N, handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        mark(port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        hang(port, what)


def work() -> None:
    """Be a worker."""
    huey.create_consumer(workers=8, worker_type="thread", check_worker_health=False).run()
