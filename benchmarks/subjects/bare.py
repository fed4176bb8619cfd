"""The bare client: the pushes and pops that any system on this server is made of."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import redis
import redis.asyncio

from ..loops import run
from ..marks import send_mark
from ..server import HOST, Server

LIST = "bare"
VALUE = b"x" * 48


class BarePushes:
    """LPUSH, as a coroutine and blocking, alone, at once and in pipelines."""

    def __init__(self, server: Server) -> None:
        self.client = redis.asyncio.Redis(host=HOST, port=server.port)
        self.blocking_client = redis.Redis(host=HOST, port=server.port)

    async def one_by_one(self, count: int) -> None:
        """One awaited after the other."""
        for _ in range(count):
            await self.client.lpush(LIST, VALUE)

    async def blocking(self, count: int) -> None:
        """One after the other, in a thread that blocks."""

        def push() -> None:
            for _ in range(count):
                self.blocking_client.lpush(LIST, VALUE)

        await asyncio.to_thread(push)

    async def at_once(self, count: int) -> None:
        """By 50 tasks at the same time."""

        async def push() -> None:
            for _ in range(max(1, count // 50)):
                await self.client.lpush(LIST, VALUE)

        await asyncio.gather(*(push() for _ in range(50)))

    async def pipelines(self, count: int) -> None:
        """In pipelines of 100."""
        for _ in range(max(1, count // 100)):
            pipeline = self.client.pipeline(transaction=False)
            for _ in range(100):
                pipeline.lpush(LIST, VALUE)
            await pipeline.execute()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        self.blocking_client.close()


@contextmanager
def popper(server: Server) -> Iterator[None]:
    """A process that blocks on the list `mailbox`, and marks each instant at which it has popped."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.subjects.bare", str(server.port)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def pop_and_mark(port: int) -> None:
    """What that process does: pops, until it is killed."""
    async with redis.asyncio.Redis(host=HOST, port=port) as client:
        while True:
            popped = await client.brpop(["mailbox"], timeout=0)
            at = time.monotonic_ns()
            assert popped is not None
            _, value = popped
            told = json.loads(value)
            send_mark(told["port"], told["what"], at)


if __name__ == "__main__":
    run(pop_and_mark(int(sys.argv[1])))
