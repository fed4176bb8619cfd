"""Celery on its Redis broker, in ten threads, without results."""

from __future__ import annotations

import os
import sys

from celery import Celery

from . import handlers
from .connectionless import Connectionless

app = Celery("peer", broker=handlers.URL)
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=10, broker_connection_retry_on_startup=True
)
noop = app.task(handlers.noop, name="noop")
mark = app.task(handlers.mark, name="mark")
hang = app.task(handlers.hang, name="hang")


class Peer(Connectionless):
    """Submits to Celery."""

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        noop.delay(handlers.N, handlers.TEXT)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        mark.delay(port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        hang.delay(port, what)


def work() -> None:
    """Be a worker."""
    options = ["--pool", "threads", "--concurrency", "10", "--loglevel", "WARNING"]
    options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    os.execv(sys.executable, [sys.executable, "-m", "celery", "-A", f"{__name__}:app", "worker", *options])
