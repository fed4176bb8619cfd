"""The background duties of a worker, each a role of one small step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from ...application.run import StopReason
from ...domain.transitions import JobEvent
from ...ports.delivery import LeaseState, Settlement, Subscription
from ...ports.job_metrics import JobMetrics
from ...ports.job_queue import JobQueue
from ...ports.job_store import JobStore
from ...ports.worker import Scheduler
from .slot_pool import SlotPool

IDLE_WAIT = timedelta(seconds=4)
BURST_PAUSE_SECONDS = 0.02
log = structlog.get_logger("hexjobs.worker")


@dataclass(slots=True)
class Fetch:
    """Takes as many jobs as slots are free, and waits blocked while there are none.

    A `wait` of zero is for a burst, which wants to know at once that nothing is left.
    """

    queue: JobQueue
    pool: SlotPool
    subscription: Subscription
    wait: timedelta = IDLE_WAIT
    stopping: bool = False
    found_nothing: bool = False
    name: str = "fetch"

    async def step(self) -> float:
        """Fetch once."""
        await self.pool.wait_for_free_slot()
        if self.stopping:
            return 0
        deliveries = await self.queue.dequeue(self.subscription, self.pool.free, self.wait)
        if self.stopping and deliveries:
            given_back = [Settlement(d, JobEvent.GIVEN_BACK, reason="worker_stopped") for d in deliveries]
            await self.queue.settle(given_back)
            return 0
        self.found_nothing = not deliveries
        for delivery in deliveries:
            self.pool.start(delivery)
        return 0 if deliveries or self.wait else BURST_PAUSE_SECONDS


@dataclass(slots=True)
class Heartbeat:
    """Says that the running deliveries are alive; stops those that were lost or cancelled."""

    queue: JobQueue
    pool: SlotPool
    interval: timedelta
    name: str = "heartbeat"

    async def step(self) -> float:
        """Beat once."""
        deliveries = self.pool.deliveries()
        states = await self.queue.extend(deliveries)
        for delivery, state in zip(deliveries, states, strict=True):
            if state is LeaseState.HELD:
                continue
            reason = StopReason.LEASE_LOST if state is LeaseState.LOST else StopReason.CANCELLED
            if self.pool.stop_runs(reason, [delivery.job_id]):
                log.info("run_stopped", job_id=delivery.job_id, reason=reason.value)
        return self.interval.total_seconds()


@dataclass(slots=True)
class FireSchedules:
    """Makes the jobs of recurring schedules."""

    scheduler: Scheduler
    name: str = "schedule"

    async def step(self) -> float:
        """Fire what is due."""
        return await self.scheduler.run_due()


@dataclass(slots=True)
class Sweep:
    """Removes what retention has ended."""

    store: JobStore
    max_completed: int
    interval: timedelta
    name: str = "sweep"

    async def step(self) -> float:
        """Sweep once."""
        removed = await self.store.sweep(self.max_completed)
        if removed:
            log.debug("jobs_swept", jobs=removed)
        return self.interval.total_seconds()


@dataclass(slots=True)
class Collect:
    """Reads the store's own figures for the metrics."""

    queue: JobQueue
    store: JobStore
    metrics: JobMetrics
    queues: Sequence[str]
    interval: timedelta
    name: str = "collect"

    async def step(self) -> float:
        """Read once."""
        stats = [await self.queue.stats(name) for name in self.queues]
        self.metrics.set_store_wide(stats, await self.store.enqueued_counts())
        return self.interval.total_seconds()
