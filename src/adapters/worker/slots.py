"""Slots: those of a pool, free and busy."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count

from ...application.run import Run
from ...ports.clock import Clock
from ...ports.delivery import Delivery
from ...ports.job_metrics import JobMetrics
from .slot import Slot, Stage
from .zombies import Zombies

_GIVEN_UP = Stage.GIVEN_UP  # an enum's member is slow to look up


class Slots:
    """Has as many slots as there should be, less those that zombies have taken for good.

    A surplus slot that is busy goes when it is free. `changed` is set whenever one was freed, made or taken away.
    """

    def __init__(self, wanted: int, zombie_limit: int, metrics: JobMetrics, clock: Clock) -> None:
        self.wanted = wanted
        self.free: list[Slot] = []
        self.busy: set[Slot] = set()
        self.zombies = Zombies(zombie_limit, metrics)
        self.ended: deque[tuple[float, str]] = deque(maxlen=16)
        self.changed = asyncio.Event()
        self._metrics = metrics
        self._clock = clock
        self._numbers = count(1)
        self.fit()

    @property
    def size(self) -> int:
        """How many there should be."""
        return max(0, self.wanted - self.zombies.unreplaced)

    def __iter__(self) -> Iterator[Slot]:
        """All of them, by their numbers."""
        return iter(sorted([*self.free, *self.busy, *self.zombies], key=lambda slot: slot.number))

    def take(self, delivery: Delivery, since: float) -> Slot:
        """A slot that is busy with this from now on: a free one, else one beyond the number."""
        slot = self.free.pop() if self.free else self._make()
        slot.delivery, slot.since = delivery, since
        self.busy.add(slot)
        return slot

    def release(self, slot: Slot, now: float) -> None:
        """It is busy no more. `fit` is to follow."""
        delivery = slot.delivery
        if delivery is not None:
            self.ended.append((now, delivery.job_id))
        if slot.stage is _GIVEN_UP:
            self.zombies.remove(slot, now)
        else:
            self.busy.discard(slot)
            slot.clear(now)
            self.free.append(slot)

    def give_up(self, slot: Slot, run: Run) -> Slot:
        """Make it a zombie; the fresh slot that settles its run in its place."""
        heir = self._make()
        heir.delivery, heir.since, heir.run, heir.stage = slot.delivery, slot.since, run, Stage.SETTLING
        slot.stage = Stage.GIVEN_UP
        self.busy.discard(slot)
        self.busy.add(heir)
        self.zombies.add(slot, run)
        self.fit()
        return heir

    def fit(self) -> None:
        """Have as many as there should be."""
        surplus = len(self.free) + len(self.busy) - self.size
        while surplus > 0 and self.free:
            self.free.pop()
            surplus -= 1
        for _ in range(-surplus):
            self.free.append(self._make())
        self.tell()
        self.changed.set()

    def tell(self) -> None:
        """Have their numbers measured."""
        self._metrics.set_slots(len(self.busy), self.size)

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when it is so; looked at whenever something has changed."""
        while not condition():
            self.changed.clear()
            await self.changed.wait()

    def _make(self) -> Slot:
        return Slot(next(self._numbers), self._clock.monotonic())
