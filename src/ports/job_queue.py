"""JobQueue: where jobs wait and are handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from .delivery import (
    Capabilities,
    Delivery,
    EnqueueResult,
    LeaseState,
    QueueStats,
    Settlement,
    Subscription,
)
from .envelope import Message
from .risk import Risk


class JobQueue(Protocol):
    """Where jobs wait and are handed out. ServerUnavailable is raised by every method when the server is away."""

    @property
    def capabilities(self) -> Capabilities:
        """What this adapter can do."""
        ...

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """Take messages in; one answer per message, in order, in one round trip.

        A message is due at once, or at `envelope.due`. Within one queue and level, jobs wait in the order of their
        enqueueing. A `job_id` that exists answers the existing job and writes nothing: JobIdConflict where its type or
        payload differ. A `unique` key that an unfinished job holds answers that job's id. `caps` maps a queue to its
        `max_jobs`: a message that would make the queue's waiting and scheduled jobs more answers QueueFull; the count
        is exact under concurrency. With `atomic`, one refused message keeps all out. Its error then answers for all that
        are new.
        An answered message is stored: a worker can take it, a look-up finds it. ServerFull when the store has no room
        for more; nothing is stored then, and all that is stored goes on.
        """
        ...

    async def dequeue(self, subscription: Subscription, limit: int, wait: timedelta) -> list[Delivery]:
        """Hand out up to `limit` waiting jobs, waiting up to `wait` for the first.

        Jobs whose time has come are waiting jobs. Per queue the highest level goes first, and within a level the
        oldest; among queues turns follow the weights, or their order when strict. Each job is processing from the
        moment it is handed out, in no moment in no place, and counts one attempt more. Its fence is higher than that of
        every delivery before. An empty list means that the wait ended, possibly early. A worker's first call begins its
        lease; LeaseLost when it is gone later on: its jobs were given back, and only a new worker_id may go on.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended; one answer per settlement: False where it was refused.

        A settlement is refused, and changes nothing, when its delivery is not the current one of its job: settled
        before, given back, or its fence is stale. SUCCEEDED keeps the result; ERRED makes the job wait for `delay` as
        retrying; SNOOZED makes it wait as scheduled and takes the attempt back; GIVEN_BACK puts it at the head of its
        level and takes the attempt back; CRASHED does so too and counts a crash; DIED dead-letters it with its last
        error and its data as they are; CANCELLED, DISCARDED and EXPIRED end it as cancelled. An ended job's unique key
        is free. A job whose cancelling was requested while it ran ends as cancelled where it would have run again.
        """
        ...

    async def extend(self, deliveries: Sequence[Delivery]) -> list[LeaseState]:
        """Say that these deliveries are alive, and learn which are lost and which should be cancelled."""
        ...

    async def stats(self, queue: str) -> QueueStats:
        """How many jobs of the queue are where."""
        ...

    async def stats_of(self, queues: Sequence[str]) -> list[QueueStats]:
        """Likewise of each of these queues, in the order given."""
        ...

    async def ack(self, delivery: Delivery, result: bytes | None = None) -> bool:
        """Settle one delivery as succeeded; False when it was refused."""
        ...

    async def nack(self, delivery: Delivery, delay: timedelta, error: str) -> bool:
        """Settle one delivery as erred, to run again after `delay`; False when it was refused."""
        ...

    async def leave(self, subscription: Subscription) -> int:
        """Give back whatever this worker still has, and forget the worker; how many jobs were given back.

        They go to the head of their levels, the attempt taken back; one whose cancelling was requested ends as
        cancelled. For a worker that ends: jobs it was handed without its knowing, or could not settle.
        """
        ...

    async def wake(self, worker_id: str) -> None:
        """End a `dequeue` of this worker that waits, from another task of the same process."""
        ...

    async def ping(self) -> None:
        """Return when the server answers; ServerUnavailable when it does not within the read bound."""
        ...

    async def risks(self) -> list[Risk]:
        """What about the store, as it is set now, may lose jobs; the grave ones first.

        A risk is grave when a restart of the store, or its lack of room, may take acknowledged jobs. A store that is not
        durable has one.
        """
        ...
