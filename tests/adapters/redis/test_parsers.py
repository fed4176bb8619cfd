"""Both parsers of the client, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.valkey_process import ValkeyProcess

PROGRAM = """
import asyncio, sys
from datetime import timedelta
if sys.argv[2] == "without":
    sys.modules["hiredis"] = None
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.application.blocking import drive
from hexjobs.ports.delivery import Subscription
from hexjobs.ports.envelope import Envelope, Message

address = Address(socket_path=sys.argv[1])
async def round_trip(transport):
    queue, store = RedisJobQueue(transport, Keys()), RedisJobStore(transport, Keys())
    await queue.enqueue([Message.of("one", Envelope(1, "noop"))])
    [delivery] = await queue.dequeue(Subscription("w", {"default": 1}), 5, timedelta(0))
    assert await queue.ack(delivery, b'{"n": 1}')
    [job] = await store.get(["one"])
    assert job is not None and job.status == "completed" and job.result == b'{"n": 1}', job
    assert (await store.enqueued_counts())["noop", "normal", "default"] == 1
    assert await store.delete("one")
    await transport.execute("DEL", Keys().enqueued)
    await transport.close()
asyncio.run(round_trip(AsyncTransport(address)))
drive(round_trip(BlockingTransport(address)))
from redis.utils import HIREDIS_AVAILABLE
print("hiredis" if HIREDIS_AVAILABLE else "python")
"""


@pytest.mark.parametrize(("given", "parser"), [("with", "hiredis"), ("without", "python")])
def test_a_job_goes_round_with_each_parser(server: ValkeyProcess, given: str, parser: str) -> None:
    """Enqueue, dequeue, ack, look-up and delete, with and without hiredis, waiting and blocking."""
    command = [sys.executable, "-c", PROGRAM, server.socket_path, given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [parser]
