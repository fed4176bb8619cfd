"""Adapter: the three ports of one provider on one store, and the few acts that every contract test needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.circuits import Circuits
from hexjobs.ports.clock import Clock
from hexjobs.ports.dead_letters import DeadLetters
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from hexjobs.ports.job_queue import JobQueue
from hexjobs.ports.job_store import JobStore, StoredJob
from hexjobs.ports.leases import Leases
from hexjobs.ports.queue_control import QueueControl
from hexjobs.ports.schedule_store import ScheduleStore
from hexjobs.ports.store_check import StoreCheck

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000
NO_WAIT = timedelta(0)


@dataclass(slots=True)
class Adapter:
    """One client of a store that the test has for itself.

    `until_due(n)` returns when n milliseconds have passed by the store's own time: a frozen clock is advanced, for a
    server they pass really. `two()` is a second client of the same store with connections of its own.
    """

    queue: JobQueue
    store: JobStore
    schedules: ScheduleStore
    leases: Leases
    control: QueueControl
    dead_letters: DeadLetters
    circuits: Circuits
    checker: StoreCheck
    clock: Clock
    until_due: Callable[[int], Awaitable[None]]
    two: Callable[[], Awaitable[Adapter]]

    def now(self) -> int:
        """The store's time in milliseconds since 1970."""
        return (self.clock.now() - EPOCH) // timedelta(milliseconds=1)

    async def take(
        self,
        limit: int = 1,
        *,
        queue: str = "default",
        weights: Mapping[str, int] | None = None,
        strict: bool = False,
        worker_id: str = "worker-1",
        wait: timedelta = NO_WAIT,
    ) -> list[Delivery]:
        """Dequeue from one queue, or from several by weight."""
        subscription = Subscription(worker_id, dict(weights or {queue: 1}), strict)
        return await self.queue.dequeue(subscription, limit, wait)

    async def take_one(self, **how: Any) -> Delivery:
        """Dequeue the one job that must be there."""
        deliveries = await self.take(**how)
        assert len(deliveries) == 1, "a job should be waiting"
        return deliveries[0]

    async def take_all(self, **how: Any) -> list[str]:
        """The ids of all that waits, in the order in which it is handed out one by one."""
        ids = []
        while deliveries := await self.take(**how):
            ids += [delivery.job_id for delivery in deliveries]
        return ids

    async def settle(self, delivery: Delivery, event: JobEvent, **how: Any) -> bool:
        """Settle one delivery."""
        answers = await self.queue.settle([Settlement(delivery, event, **how)])
        assert len(answers) == 1
        return answers[0]

    async def job(self, job_id: str) -> StoredJob:
        """The job that must be there."""
        found = (await self.store.get([job_id]))[0]
        assert found is not None, f"{job_id} should be known"
        return found

    async def is_known(self, job_id: str) -> bool:
        """Whether a look-up finds the job."""
        return (await self.store.get([job_id]))[0] is not None

    async def while_time_passes(self, waiting: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, while the store's time goes on in small steps."""
        task = asyncio.ensure_future(waiting)
        try:
            while not task.done():
                await self.until_due(10)
        finally:
            task.cancel()
        return await task


OpenAdapter = Callable[[], AbstractAsyncContextManager[Adapter]]
