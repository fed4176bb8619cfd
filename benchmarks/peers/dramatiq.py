"""Dramatiq on its Redis broker, in eight threads."""

from __future__ import annotations

import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from . import handlers
from .connectionless import Connectionless

broker = RedisBroker(url=handlers.URL)
dramatiq.set_broker(broker)
noop = dramatiq.actor(handlers.noop)
mark = dramatiq.actor(handlers.mark)
hang = dramatiq.actor(handlers.hang)


class Peer(Connectionless):
    """Submits to Dramatiq."""

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        noop.send(handlers.N, handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        mark.send(port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        hang.send(port, what)


def work() -> None:
    """Be a worker."""
    options = ["--processes", "1", "--threads", "8"]
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", __name__, *options])
