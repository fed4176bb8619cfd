"""MemoryJobQueue: the JobQueue port in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from ...domain.errors import LeaseLost
from ...domain.status import JobStatus
from ...domain.transitions import TRANSITIONS, JobEvent, next_status
from ...ports.clock import Clock
from ...ports.delivery import (
    Capabilities,
    Delivery,
    EnqueueResult,
    LeaseState,
    QueueStats,
    Settlement,
    Subscription,
)
from ...ports.envelope import Message
from ...ports.risk import Risk
from .admission import Admission
from .instants import microseconds, milliseconds
from .lease import Lease
from .state import MemoryStore
from .waiters import Waiter

_CAPABILITIES = Capabilities(durable=False)


class MemoryJobQueue:
    """Hands out the jobs of a MemoryStore, to any thread and any event loop.

    No method but a `dequeue` that waits ever suspends: a caller without an event loop can run the coroutine to its end
    by one `send(None)`. Time is that of the injected clock alone.
    """

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        """Everything but durability."""
        return _CAPABILITIES

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """Take messages in, one answer each; where `atomic`, the error that kept all out answers for each new one."""
        with self._state.lock:
            now = self._now()
            self._state.refresh(now)
            admission = Admission(self._state, caps, now)
            return admission.admit_all(messages) if atomic else [admission.admit(m) for m in messages]

    async def dequeue(self, subscription: Subscription, limit: int, wait: timedelta) -> list[Delivery]:
        """Hand out waiting jobs; an empty list when `wait` ended, when woken, or when another worker was faster."""
        self._join(subscription.worker_id)
        ends = self._clock.monotonic() + wait.total_seconds()
        waiter: Waiter | None = None
        is_last_look = False
        try:
            while True:
                with self._state.lock:
                    if waiter and waiter.is_woken:
                        return []
                    deliveries = self._take(subscription, limit)
                    seconds = min(ends - self._clock.monotonic(), self._seconds_until_due())
                    if deliveries or limit <= 0 or seconds <= 0 or is_last_look:
                        return deliveries
                    if waiter is None:
                        waiter = self._state.waiters.add(subscription.worker_id, subscription.weights)
                    waiter.arm()
                # After a timer one look and no more: a clock that stands still must not make this spin.
                is_last_look = not await waiter.wait(self._clock, seconds)
        finally:
            if waiter:
                with self._state.lock:
                    self._state.waiters.discard(waiter)

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended; IllegalTransition, and nothing changes, for an event that ends no run."""
        for settlement in settlements:
            next_status(JobStatus.PROCESSING, settlement.event)
        with self._state.lock:
            now = self._now()
            self._state.refresh(now)
            return [self._settle(settlement, now) for settlement in settlements]

    async def extend(self, deliveries: Sequence[Delivery]) -> list[LeaseState]:
        """Say which deliveries are current and which should be cancelled; nothing expires in memory."""
        with self._state.lock:
            return [self._lease(delivery) for delivery in deliveries]

    async def stats(self, queue: str) -> QueueStats:
        """How many jobs of the queue are where."""
        with self._state.lock:
            now = self._now()
            self._state.refresh(now)
            by_priority = self._state.lines.sizes(queue)
            oldest = self._state.lines.oldest(queue)
            return QueueStats(
                name=queue,
                by_priority=by_priority,
                waiting=sum(by_priority.values()),
                scheduled=self._state.count(queue, JobStatus.SCHEDULED),
                retrying=self._state.count(queue, JobStatus.RETRYING),
                processing=self._state.count(queue, JobStatus.PROCESSING),
                failed=self._state.count(queue, JobStatus.FAILED),
                paused=queue in self._state.paused,
                oldest_waiting_seconds=None if oldest is None else max(0, now - oldest) / 1000,
            )

    async def stats_of(self, queues: Sequence[str]) -> list[QueueStats]:
        """See `JobQueue.stats_of`."""
        return [await self.stats(queue) for queue in queues]

    async def ack(self, delivery: Delivery, result: bytes | None = None) -> bool:
        """Settle one delivery as succeeded; False when it was refused."""
        return (await self.settle([Settlement(delivery, JobEvent.SUCCEEDED, result=result)]))[0]

    async def nack(self, delivery: Delivery, delay: timedelta, error: str) -> bool:
        """Settle one delivery as erred, to run again after `delay`; False when it was refused."""
        return (await self.settle([Settlement(delivery, JobEvent.ERRED, delay=delay, error=error)]))[0]

    async def leave(self, subscription: Subscription) -> int:
        """Give back whatever this worker still has; how many jobs that were."""
        with self._state.lock:
            now = self._now()
            self._state.leases.pop(subscription.worker_id, None)
            had = self._state.owned_by(subscription.worker_id)
            for record in reversed(had):
                self._settle(Settlement(record.to_delivery(), JobEvent.GIVEN_BACK, reason="given_back"), now)
            return len(had)

    async def wake(self, worker_id: str) -> None:
        """End a `dequeue` of this worker that waits."""
        with self._state.lock:
            self._state.waiters.wake(worker_id)

    async def ping(self) -> None:
        """Memory always answers."""

    async def risks(self) -> list[Risk]:
        """Jobs end with the process."""
        return [Risk("jobs are kept in this process's memory: they end with it", is_grave=True)]

    def _join(self, worker_id: str) -> None:
        with self._state.lock:
            if worker_id in self._state.taken_over:
                raise LeaseLost(f"the lease of worker {worker_id!r} is gone: its jobs were given back")
            if worker_id not in self._state.leases:
                self._state.leases[worker_id] = Lease(1, self._now())

    def _now(self) -> int:
        return self._clock.milliseconds()

    def _seconds_until_due(self) -> float:
        due = self._state.next_due()
        if due is None:
            return float("inf")
        return (due * 1000 - microseconds(self._clock.now())) / 1e6

    def _take(self, subscription: Subscription, limit: int) -> list[Delivery]:
        state, now = self._state, self._now()
        taken: list[Delivery] = []
        state.refresh(now)
        fence_base = microseconds(self._clock.now())
        while len(taken) < limit:
            ready = {q: weight for q, weight in subscription.weights.items() if self._offers(q)}
            if not ready:
                break
            queue = next(iter(ready)) if subscription.strict else state.turns.next(ready)
            record = state.lines.first(queue)
            state.move(record, JobEvent.DEQUEUED, now)
            record.fence, record.worker_id = state.next_fence(fence_base), subscription.worker_id
            taken.append(record.to_delivery())
        return taken

    def _offers(self, queue: str) -> bool:
        return self._state.lines.has(queue) and queue not in self._state.paused

    def _settle(self, settlement: Settlement, now: int) -> bool:
        record = self._state.current(settlement.delivery)
        if record is None:
            return False
        event, keep, reason = settlement.event, settlement.keep, settlement.reason
        if record.cancel_requested and not TRANSITIONS[event].target.is_terminal:
            event, keep, reason = JobEvent.CANCELLED, record.cancel_keep, None
        due = now + milliseconds(settlement.delay or timedelta())
        self._state.move(record, event, now, reason=reason, due=due, keep=keep)
        if event is JobEvent.SUCCEEDED:
            record.result, record.error = settlement.result, None
        elif settlement.error is not None:
            record.error = settlement.error
        return True

    def _lease(self, delivery: Delivery) -> LeaseState:
        record = self._state.current(delivery)
        if record is None:
            return LeaseState.LOST
        return LeaseState.CANCEL_REQUESTED if record.cancel_requested else LeaseState.HELD
