"""The Redis adapter for the contract suite, on a real server and a key prefix that only one test uses."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from redis.connection import parse_url

from contracts.harness import Adapter, OpenAdapter
from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.circuits import RedisCircuits
from hexjobs.adapters.redis.dead_letters import RedisDeadLetters
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.adapters.redis.queue_control import RedisQueueControl
from hexjobs.adapters.redis.schedule_store import RedisScheduleStore
from hexjobs.adapters.redis.store_check import RedisStoreCheck
from hexjobs.adapters.scheduler.ledger_scheduler import LedgerScheduler
from hexjobs.application.cancel_job import CancelJob
from hexjobs.application.recurring.schedule_pass import SchedulePass

MARGIN_SECONDS = 0.005


def redis_provider(url: str) -> OpenAdapter:
    """Opens adapters on the server at `url`; what they wrote is removed afterwards."""
    address = _address(url)

    @asynccontextmanager
    async def open_redis() -> AsyncIterator[Adapter]:
        keys = Keys(f"test-{uuid.uuid4().hex}")
        async with AsyncExitStack() as stack:

            async def client() -> Adapter:
                transport = AsyncTransport(address)
                # An id is remembered for minutes after its end; no test waits for that.
                store = RedisJobStore(transport, keys, remembered=timedelta(0))
                schedules = RedisScheduleStore(transport, keys)
                scheduler = LedgerScheduler(SchedulePass(schedules, CancelJob(store, None)))
                stack.push_async_callback(transport.close)
                return Adapter(
                    queue=RedisJobQueue(transport, keys),
                    store=store,
                    schedules=schedules,
                    leases=RedisLeases(transport, keys),
                    control=RedisQueueControl(transport, keys),
                    dead_letters=RedisDeadLetters(transport, keys),
                    circuits=RedisCircuits(transport, keys),
                    checker=RedisStoreCheck(transport, keys, scheduler),
                    clock=SystemClock(),
                    until_due=_pass_really,
                    two=client,
                )

            stack.push_async_callback(_remove_keys, address, keys.prefix)
            yield await client()

    return open_redis


def _address(url: str) -> Address:
    found = parse_url(url)  # type: ignore[no-untyped-call]  # the client leaves it untyped
    return Address(
        host=found.get("host", "localhost"),
        port=found.get("port", 6379),
        socket_path=found.get("path"),
        username=found.get("username"),
        password=found.get("password"),
        db=found.get("db", 0),
        tls=url.startswith("rediss://"),
    )


async def _pass_really(milliseconds: int) -> None:
    await asyncio.sleep(milliseconds / 1000 + MARGIN_SECONDS)


async def _remove_keys(address: Address, prefix: str) -> None:
    transport = AsyncTransport(address)
    cursor: bytes | int = b"0"
    while True:
        cursor, found = await transport.execute("SCAN", cursor, "MATCH", f"{prefix}:*", "COUNT", 1000)
        if found:
            await transport.execute("DEL", *found)
        if int(cursor) == 0:
            break
    await transport.close()
