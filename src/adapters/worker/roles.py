"""The background duties of a worker, each a role of one small step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog

from ...application.run import StopReason
from ...domain.errors import LeaseLost
from ...domain.transitions import JobEvent
from ...ports.circuits import Circuits
from ...ports.clock import Clock
from ...ports.delivery import Settlement, Subscription
from ...ports.job_metrics import JobMetrics
from ...ports.job_queue import JobQueue
from ...ports.job_store import JobStore
from ...ports.schedule_store import ScheduleStore
from ...ports.worker import Scheduler
from .slot_pool import SlotPool
from .worker_identity import WorkerIdentity

BURST_PAUSE_SECONDS = 0.02
EXACT_SECONDS = 0.1
log = structlog.get_logger("hexjobs.worker")


@dataclass(slots=True)
class Fetch:
    """Takes as many jobs as the pool has room for, and waits blocked while there are none.

    A `wait` of zero is for a burst, which wants to know at once that nothing is left. After a failure the next fetch does
    not wait either: that the server is back is known at once.
    """

    queue: JobQueue
    pool: SlotPool
    wanted: Subscription
    identity: WorkerIdentity
    wait: timedelta
    stopping: bool = False
    found_nothing: bool = False
    is_unsure: bool = False
    is_asking: bool = False
    name: str = "fetch"

    @property
    def subscription(self) -> Subscription:
        """Which queues it takes jobs from, under the id that holds now."""
        worker_id = self.identity.worker_id
        if self.wanted.worker_id != worker_id:
            self.wanted = msgspec.structs.replace(self.wanted, worker_id=worker_id)
        return self.wanted

    async def step(self) -> float:
        """Fetch once. Where the lease is gone, what runs is stopped, and the next step goes on under a new id."""
        await self.pool.wait_for_room()
        if self.stopping:
            return 0
        self.is_asking = True
        try:
            return await self._ask(self.pool.room)
        finally:
            self.is_asking = False

    async def _ask(self, limit: int) -> float:
        subscription = self.subscription
        wait = timedelta(0) if self.is_unsure else self.wait
        self.is_unsure = True
        try:
            deliveries = await self.queue.dequeue(subscription, limit, wait)
        except LeaseLost:
            self.is_unsure = False
            self.identity.renew(subscription.worker_id)
            lost = [d.job_id for d in self.pool.deliveries() if d.worker_id == subscription.worker_id]
            self.pool.stop_runs(StopReason.LEASE_LOST, lost)
            return 0
        self.is_unsure = False
        if self.stopping and deliveries:
            given_back = [Settlement(d, JobEvent.GIVEN_BACK, reason="worker_stopped") for d in deliveries]
            await self.queue.settle(given_back)
            return 0
        self.found_nothing = not deliveries
        for delivery in deliveries:
            if delivery.crashes:  # told here too: who took it over may have died before it could
                log.warning("job_runs_again", job_id=delivery.job_id, crashes=delivery.crashes)
        self.pool.start(deliveries)
        if 0 < len(deliveries) < limit:
            await asyncio.sleep(0)  # nothing else waits: these begin before the next question is put together
        return 0 if deliveries or self.wait else BURST_PAUSE_SECONDS


@dataclass(slots=True)
class FireSchedules:
    """Makes the jobs of recurring schedules.

    In between it waits at the store, which tells of a schedule that is new or changed; a wait longer than `longest` goes in
    parts. Time is the monotonic clock's here, and what is due the scheduler's: no clock that is set delays a schedule.
    """

    scheduler: Scheduler
    schedules: ScheduleStore
    clock: Clock
    longest: timedelta
    name: str = "schedule"
    _quiet_seconds: float = 0.0

    async def step(self) -> float:
        """Wait at the store where nothing is due for a while, then fire what is due. After a failure it looks at once."""
        quiet, self._quiet_seconds = self._quiet_seconds, 0.0
        if quiet > 0:
            # A server ends a wait a little late; the last part is waited for here.
            at_the_store = timedelta(seconds=quiet - EXACT_SECONDS)
            begun = self.clock.monotonic()
            await self.schedules.wait(at_the_store)
            waited = self.clock.monotonic() - begun
            if at_the_store.total_seconds() <= waited < quiet:
                return quiet - waited
        wait = min(await self.scheduler.run_due(), self.longest.total_seconds())
        if wait <= EXACT_SECONDS:
            return wait
        self._quiet_seconds = wait
        return 0.0


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
    circuits: Circuits | None = None
    circuit_names: Sequence[str] = ()
    schedules: ScheduleStore | None = None
    name: str = "collect"

    async def step(self) -> float:
        """Read once."""
        stats = await self.queue.stats_of(self.queues)
        self.metrics.set_store_wide(stats, await self.store.enqueued_counts())
        if self.circuits is not None and self.circuit_names:
            states = await self.circuits.states(self.circuit_names)
            self.metrics.set_circuits(dict(zip(self.circuit_names, states, strict=True)))
        if self.schedules is not None:
            self.metrics.set_schedules(await self.schedules.list())
        return self.interval.total_seconds()
