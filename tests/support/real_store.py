"""RealStore: the adapters on a real server, under a prefix that only one test uses, and a plain client beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.adapters.redis.schedule_store import RedisScheduleStore
from hexjobs.adapters.redis.store_check import RedisStoreCheck
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from hexjobs.ports.job_store import StoredJob
from hexjobs.ports.store_check import StoreReport
from support.due_times import DueTimes
from support.messages import message
from support.valkey_process import ValkeyProcess

QUEUES = ("default", "mail")
AT_ONCE = timedelta(0)


@dataclass
class RealStore:
    """The ports of one store, and the few acts that tests of its check need."""

    address: Address
    client: Any  # what the client's types say of its answers helps nobody here
    keys: Keys
    transport: AsyncTransport
    queue: RedisJobQueue = field(init=False)
    store: RedisJobStore = field(init=False)
    schedules: RedisScheduleStore = field(init=False)
    leases: RedisLeases = field(init=False)
    checker: RedisStoreCheck = field(init=False)

    def __post_init__(self) -> None:
        reach = (self.transport, self.keys)
        self.queue = RedisJobQueue(*reach)
        self.store = RedisJobStore(*reach, remembered=AT_ONCE)
        self.schedules = RedisScheduleStore(*reach)
        self.leases = RedisLeases(*reach)
        self.checker = RedisStoreCheck(*reach, DueTimes())

    def key(self, *parts: str) -> str:
        """A key under the prefix."""
        return ":".join((self.keys.prefix, *parts))

    def commands(self) -> dict[str, int]:
        """What the server has run, scripts aside, since it was last told to forget it (CONFIG RESETSTAT)."""
        asked = ("info", "config|resetstat", "evalsha", "eval")
        found = self.client.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): told["calls"] for name, told in found.items()}
        return {name: count for name, count in calls.items() if name not in asked}

    async def submit(self, *job_ids: str, **fields: Any) -> None:
        """Enqueue jobs."""
        await self.queue.enqueue([message(job_id, **fields) for job_id in job_ids])

    async def take(self, limit: int = 1, *, worker: str = "worker-1", **weights: int) -> list[Delivery]:
        """Dequeue, from all queues unless told otherwise."""
        subscription = Subscription(worker, weights or dict.fromkeys(QUEUES, 1))
        return await self.queue.dequeue(subscription, limit, AT_ONCE)

    async def settle(self, delivery: Delivery, event: JobEvent = JobEvent.SUCCEEDED, **how: Any) -> bool:
        """Settle one delivery."""
        return (await self.queue.settle([Settlement(delivery, event, **how)]))[0]

    async def job(self, job_id: str) -> StoredJob:
        """The job that must be there."""
        found = (await self.store.get([job_id]))[0]
        assert found is not None, job_id
        return found

    async def status(self, job_id: str) -> JobStatus | None:
        """The status of a job, None when it is unknown."""
        found = (await self.store.get([job_id]))[0]
        return None if found is None else found.status

    async def check(self, *, repair: bool = False) -> StoreReport:
        """Check the store."""
        return await self.checker.check(repair=repair)

    async def mended(self, **counts: int) -> StoreReport:
        """The report of a repair: these findings are found, then repaired, then nothing is.

        A check alone finds the first kind of them at least: it leaves further findings about one job out, and counts as
        wrong what the repair of the first puts right.
        """
        found = await self.check()
        assert next(iter(counts)) in found.counts, found
        assert found.left == found.found
        report = await self.check(repair=True)
        assert (report.counts, report.left) == (counts, 0), report
        again = await self.check()
        assert again.findings == [], again
        return report

    async def drain(self) -> dict[str, str]:
        """Let everything that can run do so: jobs of dead workers go back first; id to how it ended."""
        for worker in await self.leases.workers():
            await self.leases.take_over(worker.worker_id, None)
        ended = {}
        while deliveries := await self.take(100, worker="drainer"):
            for delivery in deliveries:
                unique = msgspec.json.decode(delivery.data).get("unique")
                assert await self.settle(delivery, unique=unique)
                ended[delivery.job_id] = "completed"
        return ended


@asynccontextmanager
async def real_store(server: ValkeyProcess) -> AsyncIterator[RealStore]:
    """An empty store on a server that runs."""
    address = Address(socket_path=server.socket_path)
    transport = AsyncTransport(address)
    with server.client() as client:
        store = RealStore(address, client, Keys(f"t-{uuid4().hex[:8]}"), transport)
        try:
            yield store
        finally:
            found = list(client.scan_iter(f"{store.keys.prefix}:*", count=1000))
            if found:
                client.delete(*found)
            await transport.close()


Within = Callable[[Callable[[RealStore], Awaitable[None]]], None]
"""Runs a scenario on an empty store."""
