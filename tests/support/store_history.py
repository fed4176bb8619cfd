"""StoreHistory: random acts of clients, workers and operators on a real store."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec

from hexjobs.adapters.redis.queue_control import RedisQueueControl
from hexjobs.domain.errors import IllegalTransition, LeaseLost
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery
from hexjobs.ports.envelope import Message
from hexjobs.ports.schedule_ledger import Claim
from support.messages import message
from support.plans import HOUR, plan
from support.real_store import QUEUES, RealStore

DAY = timedelta(days=1)
KEEPS = (None, DAY, timedelta(0))
LEVELS = ("low", "normal", "high", "critical")
SETTLING = (
    *(JobEvent.SUCCEEDED, JobEvent.ERRED, JobEvent.SNOOZED, JobEvent.DIED, JobEvent.GIVEN_BACK),
    *(JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.SUCCEEDED),
)
ACTS = (
    "submit",
    "submit",
    "submit",
    "take",
    "take",
    "take",
    "settle",
    "settle",
    "settle",
    "keep",
    "schedule",
    "schedule",
    "operate",
)


class StoreHistory:
    """Random acts on one store; the same seed makes the same acts. `ids` are the jobs that were ever taken in."""

    def __init__(self, store: RealStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self._seed = seed
        self.ids: list[str] = []
        self.stopping = False
        self._numbers = count()
        self._taken: list[Delivery] = []
        self._workers = [f"worker-{seed}-a", f"worker-{seed}-b"]
        self._control = RedisQueueControl(store.transport, store.keys)

    async def go_on(self, acts: int) -> None:
        """So many acts, fewer where it is told to stop."""
        for _ in range(acts):
            if self.stopping:
                return
            await getattr(self, f"_{self.random.choice(ACTS)}")()

    async def drain(self) -> None:
        """Let everything that waits end, whatever it waits for."""
        for queue in QUEUES:
            await self._control.resume(queue)
        client, delayed = self.store.client, self.store.key("delayed")
        waiting = client.zrange(delayed, 0, -1)
        if waiting:
            client.zadd(delayed, dict.fromkeys(waiting, 1))
        await self.store.drain()

    async def _submit(self) -> None:
        choose, now = self.random, self.store.client.time()[0] * 1000
        batch = [
            message(
                f"job-{self._seed}-{next(self._numbers)}",
                queue=choose.choice(QUEUES),
                priority=choose.choice(LEVELS),
                due=choose.choice([None, None, now + 2, now + 86_400_000]),
                unique=choose.choice([None, None, "u", "v"]),
            )
            for _ in range(choose.randint(1, 4))
        ]
        results = await self.store.queue.enqueue(batch)
        self.ids += [result.job_id for result in results if result.is_new]

    async def _take(self) -> None:
        worker = self.random.choice(self._workers)
        try:
            self._taken += await self.store.take(self.random.randint(1, 3), worker=worker)
        except LeaseLost:
            self._renew(worker)

    async def _settle(self) -> None:
        if self._taken:
            delivery = self._taken.pop(self.random.randrange(len(self._taken)))
            how: dict[str, Any] = {"delay": DAY, "keep": self.random.choice(KEEPS), "reason": "r"}
            if delivery.data:
                how["unique"] = msgspec.json.decode(delivery.data).get("unique")
            with contextlib.suppress(LeaseLost):
                await self.store.store.record_effect(delivery.job_id, delivery.fence, "mail", b"1")
            await self.store.settle(delivery, self.random.choice(SETTLING), **how)

    async def _keep(self) -> None:
        worker = self.random.choice(self._workers)
        match self.random.randrange(4):
            case 0:
                await self.store.store.sweep(self.random.randint(0, 5))
            case 1:
                await self.store.leases.take_over(worker, None)
                self._renew(worker)
            case 2:
                await self._control.pause(self.random.choice(QUEUES))
            case 3:
                await self._control.resume(self.random.choice(QUEUES))

    async def _schedule(self) -> None:
        choose, schedules = self.random, self.store.schedules
        name = f"schedule-{choose.randrange(3)}"
        entry = await schedules.get(name)
        match choose.randrange(8):
            case 0:
                await schedules.put(plan(name, next_due=HOUR, limit=choose.randint(3, 5)))
            case 1:
                plans = [plan(name, next_due=HOUR)]
                await schedules.seed(next(self._numbers), "digest", plans, prune=choose.random() < 0.3)
            case 2:
                await schedules.pause(name)
            case 3:
                await schedules.resume(name, None if entry is None else entry.next_due)
            case 4:
                await schedules.trigger(name, self._sent(f"schedule:{name}:manual:{next(self._numbers)}"))
            case 5:
                await schedules.remove(name)
            case _:
                await self._fire_due()

    async def _fire_due(self) -> None:
        looked = await self.store.schedules.look(10)
        self.ids += [released.job_id for released in looked.released]
        for entry in looked.due:
            due = entry.next_due or 0
            claim = Claim(entry.name, due, due, due + HOUR)
            if self.random.random() < 0.2:
                await self.store.schedules.pass_over(claim, 3)
                continue
            sent = self._sent(f"schedule:{entry.name}:{due}")
            overlap = self.random.choice(["allow", "skip", "queue_one", "queue_one"])
            await self.store.schedules.fire(claim, sent, overlap)
            self.ids.append(sent.job_id)

    def _sent(self, job_id: str) -> Message:
        unique = self.random.choice([None, None, "u", "v"])
        return message(job_id, queue=self.random.choice(QUEUES), unique=unique)

    async def _operate(self) -> None:
        if not self.ids:
            return
        job_id, what = self.random.choice(self.ids), self.random.random()
        with contextlib.suppress(IllegalTransition):
            if what < 0.4:
                await self.store.store.cancel(job_id, self.random.choice(KEEPS))
            elif what < 0.7:
                await self.store.store.retry(job_id)
            elif what < 0.95:
                await self.store.store.delete(job_id)
            else:
                await self._control.purge(self.random.choice(QUEUES))

    def _renew(self, worker: str) -> None:
        """A worker that lost its lease goes on under another id."""
        self._workers[self._workers.index(worker)] = f"worker-{self._seed}-{next(self._numbers)}"
        self._taken = [delivery for delivery in self._taken if delivery.worker_id != worker]
