"""RQ, in a worker that runs jobs in its own process."""

from __future__ import annotations

from redis import Redis
from rq import Queue, SimpleWorker

from . import handlers
from .connectionless import Connectionless


class Peer(Connectionless):
    """Submits to RQ."""

    has_bulk = True

    def __init__(self) -> None:
        self._queue = Queue(connection=Redis.from_url(handlers.URL))

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        self._queue.enqueue(handlers.noop, handlers.N, handlers.TEXT)

    async def bulk(self, count: int) -> None:
        """See `PeerProgram.bulk`."""
        prepared = [Queue.prepare_data(handlers.noop, (handlers.N, handlers.TEXT)) for _ in range(count)]
        self._queue.enqueue_many(prepared)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        self._queue.enqueue(handlers.mark, port, what)

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        self._queue.enqueue(handlers.hang, port, what)


def work() -> None:
    """Be a worker."""
    connection = Redis.from_url(handlers.URL)
    SimpleWorker([Queue(connection=connection)], connection=connection).work(logging_level="WARNING")
