"""RedisJobQueue: JobQueue on Redis or Valkey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import inf

from ...domain.errors import LeaseLost, ServerUnavailable
from ...domain.transitions import JobEvent
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
from .keys import Keys
from .layout import refuse_other_layout
from .replies import (
    KEPT_OUT,
    deliveries,
    enqueue_results,
    is_delivery,
    posted_delivery,
    queue_stats,
    settled,
)
from .requests import enqueue_arguments, enqueue_one_arguments, settle_arguments
from .scripts import script
from .store_risks import store_risks
from .told_subscription import UNKNOWN_DIGEST, ToldSubscription
from .transport import LONGEST_BLOCK_SECONDS, Argument, Transport

SHORTEST_BLOCK_SECONDS = 0.001
QUEUES_AT_ONCE = 50
# How long a worker that waits and holds nothing, while nothing is due soon, stays noted as waiting before it looks for
# itself again. Otherwise it looks as often as it waits.
LONGEST_UNSEEN_SECONDS = 24.0
SOON_SECONDS = 2 * LONGEST_UNSEEN_SECONDS
_LEASE_STATES = (LeaseState.LOST, LeaseState.HELD, LeaseState.CANCEL_REQUESTED)


class RedisJobQueue:
    """JobQueue on Redis or Valkey, one partition."""

    capabilities = Capabilities()

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys
        self._joined: set[str] = set()
        self._held: dict[str, set[str]] = {}
        self._unsure: set[str] = set()
        self._woken: set[str] = set()
        self._waiting: dict[str, tuple[Subscription, float]] = {}
        self._told: dict[str, ToldSubscription] = {}
        self._knows_layout = False

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """See `JobQueue.enqueue`. May be repeated after a broken connection: ids make it one job."""
        if len(messages) == 1 and not messages[0].envelope.unique:
            [message] = messages
            arguments = enqueue_one_arguments(self._keys.prefix, message, caps.get(message.envelope.queue))
            answers = await self._transport.run(script("enqueue_one"), arguments, repeatable=True)
            return enqueue_results(messages, answers, caps)
        if not messages:
            return []
        known_caps = caps
        if caps:
            queues = dict.fromkeys(message.envelope.queue for message in messages)
            known_caps = {queue: caps[queue] for queue in queues if queue in caps}
        arguments = enqueue_arguments(self._keys.prefix, messages, known_caps, atomic=atomic)
        answers = await self._transport.run(script("enqueue"), arguments, repeatable=True)
        results = enqueue_results(messages, answers, known_caps)
        if atomic and answers and KEPT_OUT in answers and all(result.error is None for result in results):
            # The ids that exist stand for the same jobs, written in other words, which a script cannot tell.
            arguments[1] = 2
            answers = await self._transport.run(script("enqueue"), arguments, repeatable=True)
            results = enqueue_results(messages, answers, known_caps)
        return results

    async def dequeue(self, subscription: Subscription, limit: int, wait: timedelta) -> list[Delivery]:
        """See `JobQueue.dequeue`. An idle worker waits blocked on its mailbox."""
        if not self._knows_layout:
            await refuse_other_layout(self._transport, self._keys)
            self._knows_layout = True
        waits = wait > timedelta(0)
        noted, left = self._waiting.pop(subscription.worker_id, (None, 0.0))
        next_due = inf
        if not waits or left <= 0 or noted != subscription:
            found, next_due = await self._fetch(subscription, limit, "1" if waits else "0")
            if found or not waits:
                return found
            left = LONGEST_UNSEEN_SECONDS
        longest = min(wait.total_seconds(), LONGEST_BLOCK_SECONDS, left)
        seconds = min(longest, next_due)
        if seconds > 0 and subscription.worker_id not in self._woken:
            # What is due meanwhile is not to be late.
            posted = await self._wait(subscription.worker_id, seconds, exactly=next_due <= longest)
            if isinstance(posted, Delivery):
                return [posted]
            is_soon = next_due < SOON_SECONDS
            if posted is None and not is_soon and not self._held.get(subscription.worker_id):
                # It stays noted as waiting: what comes meanwhile lies in its mailbox when it waits again.
                self._waiting[subscription.worker_id] = subscription, left - seconds
                return []
        self._woken.discard(subscription.worker_id)
        found, _ = await self._fetch(subscription, limit, "2")
        return found

    async def _wait(self, worker_id: str, seconds: float, *, exactly: bool) -> Delivery | bytes | None:
        """Wait blocked on the mailbox; the job that was put there, or a token: a fetch may find some. None for nothing."""
        self._unsure.add(worker_id)
        seconds = max(seconds, SHORTEST_BLOCK_SECONDS)
        mailbox = self._keys.mailbox(worker_id)
        answer = await self._transport.wait("BLPOP", mailbox, seconds, longest=seconds, exactly=exactly)
        self._unsure.discard(worker_id)
        if answer is None or not is_delivery(answer[1]):
            return None if answer is None else bytes(answer[1])
        delivery = posted_delivery(answer[1], worker_id)
        self._held.setdefault(worker_id, set()).add(delivery.job_id)
        return delivery

    async def _fetch(self, subscription: Subscription, limit: int, idle: str) -> tuple[list[Delivery], float]:
        worker_id = subscription.worker_id
        held = self._held.setdefault(worker_id, set())
        arguments: list[Argument] = [
            self._keys.prefix,
            worker_id,
            limit,
            idle,
            int(subscription.strict),
            int(worker_id not in self._joined),
        ]
        resync: list[Argument] = ["resync", *held] if worker_id in self._unsure else []
        told = self._told.get(worker_id)
        if told is None or told.subscription != subscription:
            told = self._told[worker_id] = ToldSubscription(subscription)
        # Until the answer is read, jobs may be ours without our knowing.
        self._unsure.add(worker_id)
        reply = await self._transport.run(script("dequeue"), [*arguments, *told.arguments, *resync])
        if reply == UNKNOWN_DIGEST:
            reply = await self._transport.run(script("dequeue"), [*arguments, *told.whole, *resync])
        if reply == 0:
            self._forget(worker_id)
            raise LeaseLost(f"the lease of worker {worker_id!r} is gone: its jobs were given back")
        self._joined.add(worker_id)
        found = deliveries(reply, worker_id)
        held.update(delivery.job_id for delivery in found)
        self._unsure.discard(worker_id)
        return found, inf if reply[1] < 0 else (int(reply[1]) - int(reply[0])) / 1000

    def _forget(self, worker_id: str) -> None:
        self._joined.discard(worker_id)
        self._unsure.discard(worker_id)
        self._held.pop(worker_id, None)
        self._waiting.pop(worker_id, None)
        self._told.pop(worker_id, None)

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """See `JobQueue.settle`."""
        if not settlements:
            return []
        arguments, order = settle_arguments(self._keys.prefix, settlements)
        refused = await self._transport.run(script("settle"), arguments)
        for settlement in settlements:
            held = self._held.get(settlement.delivery.worker_id)
            if held is not None:
                held.discard(settlement.delivery.job_id)
        return settled(refused, order)

    async def extend(self, deliveries: Sequence[Delivery]) -> list[LeaseState]:
        """See `JobQueue.extend`."""
        if not deliveries:
            return []
        arguments: list[Argument] = [self._keys.prefix]
        for delivery in deliveries:
            arguments += (delivery.job_id, delivery.fence, delivery.worker_id)
        answers = await self._transport.run(script("extend"), arguments, repeatable=True)
        return [_LEASE_STATES[answer] for answer in answers]

    async def stats(self, queue: str) -> QueueStats:
        """See `JobQueue.stats`."""
        return (await self.stats_of([queue]))[0]

    async def stats_of(self, queues: Sequence[str]) -> list[QueueStats]:
        """See `JobQueue.stats_of`. Some at a time, so that no call takes long."""
        found: list[QueueStats] = []
        for first in range(0, len(queues), QUEUES_AT_ONCE):
            names = queues[first : first + QUEUES_AT_ONCE]
            arguments = [self._keys.prefix, *names]
            now, *rows = await self._transport.run(script("stats"), arguments, repeatable=True)
            found += [queue_stats(name, now, row) for name, row in zip(names, rows, strict=True)]
        return found

    async def ack(self, delivery: Delivery, result: bytes | None = None) -> bool:
        """See `JobQueue.ack`."""
        return (await self.settle([Settlement(delivery, JobEvent.SUCCEEDED, result=result)]))[0]

    async def nack(self, delivery: Delivery, delay: timedelta, error: str) -> bool:
        """See `JobQueue.nack`."""
        return (await self.settle([Settlement(delivery, JobEvent.ERRED, delay=delay, error=error)]))[0]

    async def leave(self, subscription: Subscription) -> int:
        """See `JobQueue.leave`."""
        arguments = [self._keys.prefix, subscription.worker_id, *subscription.weights]
        given_back = await self._transport.run(script("leave"), arguments, repeatable=True)
        self._forget(subscription.worker_id)
        return int(given_back)

    async def wake(self, worker_id: str) -> None:
        """See `JobQueue.wake`. A fetch on its way to its wait empties the mailbox, so it is also told here."""
        self._woken.add(worker_id)
        await self._transport.run(script("wake"), [self._keys.prefix, worker_id], repeatable=True)

    async def ping(self) -> None:
        """See `JobQueue.ping`."""
        if not await self._transport.execute("PING"):
            raise ServerUnavailable

    async def risks(self) -> list[Risk]:
        """See `JobQueue.risks`."""
        return await store_risks(self._transport)
