"""The bare client: what any system on this server is made of. A push, a pipeline of pushes, a blocked pop."""

from __future__ import annotations

import json

import redis.asyncio

from ..loops import run
from ..subjects.bare import pop_and_mark
from . import handlers

LIST, MAILBOX = "bare", "mailbox"
VALUE = b"x" * 48
PIPELINE = 100


class Peer:
    """Pushes."""

    has_bulk = True

    async def open(self) -> None:
        """See `PeerProgram.open`."""
        self._client = redis.asyncio.Redis.from_url(handlers.URL)

    async def close(self) -> None:
        """See `PeerProgram.close`."""
        await self._client.aclose()

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        await self._client.lpush(LIST, VALUE)

    async def bulk(self, count: int) -> None:
        """See `PeerProgram.bulk`."""
        for _ in range(max(1, count // PIPELINE)):
            pipeline = self._client.pipeline(transaction=False)
            for _ in range(PIPELINE):
                pipeline.lpush(LIST, VALUE)
            await pipeline.execute()

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        await self._client.lpush(MAILBOX, json.dumps({"port": port, "what": what}))

    async def hang(self, port: int, what: str) -> None:
        """What is popped is gone."""
        await self.mark(port, what)


def work() -> None:
    """Pop."""
    run(pop_and_mark(int(handlers.URL.rpartition(":")[2].partition("/")[0])))
