"""Cancelling against everything else that may happen to a job, in many orders: it ends once, and in one way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from contracts.harness import Adapter
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.transitions import TRANSITIONS, JobEvent
from hexjobs.ports.delivery import Delivery, LeaseState
from hexjobs.ports.job_store import CancelResult
from support.messages import message

SEEDS = range(20)
ROUNDS = 12
ENDS = (JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.DISCARDED, JobEvent.EXPIRED, JobEvent.CANCELLED)
GOES_ON = (JobEvent.ERRED, JobEvent.SNOOZED, JobEvent.GIVEN_BACK)


@dataclass
class Life:
    """What one life of a job, up to its end or its retry, has answered."""

    deliveries: list[Delivery] = field(default_factory=list)
    cancels: list[CancelResult] = field(default_factory=list)
    ends: list[JobEvent] = field(default_factory=list)
    is_asked: bool = False


class Race:
    """One job, two clients, and a random order of what they do; some of it at the same time."""

    def __init__(self, adapter: Adapter, other: Adapter, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clients = (adapter, other)
        self.adapter = adapter
        self.life = Life()
        self.lives = 0
        self.workers = 0

    @property
    def client(self) -> Adapter:
        """Either."""
        return self.chance.choice(self.clients)

    async def take(self) -> None:
        """A new worker asks for a job."""
        self.workers += 1
        was_asked = self.life.is_asked
        taken = await self.client.take(worker_id=f"worker-{self.workers}")
        assert not (taken and was_asked), "it runs again after somebody has cancelled it"
        self.life.deliveries += taken

    async def settle(self) -> None:
        """A run ends, of the current delivery or of one before."""
        if self.life.deliveries:
            delivery = self.chance.choice(self.life.deliveries)
            event = self.chance.choice((*ENDS, *GOES_ON, *GOES_ON))
            accepted = await self.client.settle(delivery, event, delay=timedelta(milliseconds=1), error="e")
            if accepted and event in ENDS:
                self.life.ends.append(event)

    async def lose(self) -> None:
        """The worker of a delivery is found dead."""
        if self.life.deliveries:
            delivery = self.chance.choice(self.life.deliveries)
            await self.client.leases.take_over(delivery.worker_id, None)

    async def extend(self) -> None:
        """A worker asks after its delivery."""
        if self.life.deliveries:
            was_asked = self.life.is_asked
            [state] = await self.client.queue.extend([self.life.deliveries[-1]])
            assert not (was_asked and state is LeaseState.HELD), "it does not hear of the request"

    async def cancel(self) -> None:
        """Somebody cancels the job."""
        self.life.cancels.append(await self.client.store.cancel("job", None))

    async def reschedule(self) -> None:
        """Somebody moves it, or runs it now: an ended job does not come back by that."""
        due = self.chance.choice((None, self.adapter.now() + 1, self.adapter.now() + 3_600_000))
        with suppress(IllegalTransition):
            await self.client.store.reschedule("job", due)

    async def round(self) -> None:
        """Some of it at the same time, then a look."""
        actions: list[Callable[[], Awaitable[None]]] = [
            self.take, self.take, self.settle, self.settle, self.lose, self.extend, self.cancel, self.reschedule,
            self.reschedule,
        ]  # fmt: skip
        chosen = self.chance.sample(actions, self.chance.randint(1, 4))
        await asyncio.gather(*(action() for action in chosen))
        await self.adapter.until_due(2)
        self.life.is_asked |= bool(
            {CancelResult.CANCELLED, CancelResult.REQUESTED}.intersection(self.life.cancels)
        )
        await self.look()

    async def look(self) -> None:
        """It is in one place, and what was answered holds."""
        job, stats = await self.adapter.job("job"), await self.adapter.queue.stats("default")
        places = (stats.waiting, stats.scheduled, stats.retrying, stats.processing)
        assert sum(places) == (not job.status.is_terminal), (job.status, places)
        life = self.life
        assert len(life.ends) + life.cancels.count(CancelResult.CANCELLED) <= 1, "it ends once"
        if CancelResult.NOT_FOUND in life.cancels or CancelResult.FINISHED in life.cancels:
            assert job.status.is_terminal
        if CancelResult.CANCELLED in life.cancels:
            assert job.status == "cancelled"
        for event in life.ends:
            assert job.status is TRANSITIONS[event].target

    async def finish(self) -> str:
        """Its last state, after whoever runs it has ended."""
        for delivery in self.life.deliveries:
            if await self.adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(0)):
                break
        else:
            await self.adapter.store.cancel("job", None)
        await self.look()
        return (await self.adapter.job("job")).status


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_job_ends_once_whatever_cancelling_races_with(adapter: Adapter, seed: int) -> None:
    """ "End a waiting, scheduled or retrying job as cancelled; ask for it when it runs; leave an ended one as it is." """
    race = Race(adapter, await adapter.two(), seed)
    due: dict[str, Any] = {"due": adapter.now() + 5} if seed % 3 == 0 else {}
    await adapter.queue.enqueue([message("job", **due)])
    for _ in range(ROUNDS):
        await race.round()
        job = await adapter.job("job")
        if job.status.is_terminal and job.status != "completed" and race.chance.random() < 0.5:
            assert await adapter.store.retry("job")
            race.life, race.lives = Life(), race.lives + 1
            await race.look()
    if race.life.is_asked:
        assert await race.finish() in ("cancelled", "completed", "failed")
        assert await adapter.take(worker_id="worker-last") == []


async def test_cancelling_and_taking_at_the_same_moment(adapter: Adapter) -> None:
    """ "End a waiting, scheduled or retrying job as cancelled": or it was taken first, and is asked."""
    other = await adapter.two()
    names = [f"job-{number}" for number in range(60)]
    await adapter.queue.enqueue([message(name) for name in names])
    takes = [adapter.take(worker_id=f"worker-of-{name}") for name in names]
    cancels = [other.store.cancel(name, None) for name in names]
    answers: list[Any] = await asyncio.gather(
        *(one for pair in zip(takes, cancels, strict=True) for one in pair)
    )
    taken = {delivery.job_id: delivery for deliveries in answers[::2] for delivery in deliveries}
    for name, answer in zip(names, answers[1::2], strict=True):
        assert answer is (CancelResult.REQUESTED if name in taken else CancelResult.CANCELLED)
    for delivery in taken.values():
        assert await adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(0))
    assert {(await adapter.job(name)).status for name in names} == {"cancelled"}
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.scheduled, stats.retrying, stats.processing) == (0, 0, 0, 0)
