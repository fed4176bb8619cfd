"""WatchedJobQueue: the in-memory queue, and who hears of what goes in and how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from ..adapters.memory import MemoryJobQueue, MemoryStore
from ..ports.clock import Clock
from ..ports.delivery import EnqueueResult, Settlement
from ..ports.envelope import Message


class WatchedJobQueue(MemoryJobQueue):
    """Tells of new jobs before the submit returns, and raises there what `enqueued` raises; tells of settlements."""

    def __init__(
        self,
        state: MemoryStore,
        clock: Clock,
        enqueued: Callable[[list[str]], Awaitable[None]],
        settled: Callable[[Settlement], None],
    ) -> None:
        super().__init__(state, clock)
        self._enqueued = enqueued
        self._settled = settled

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """See `JobQueue.enqueue`."""
        results = await super().enqueue(messages, caps, atomic=atomic)
        await self._enqueued([result.job_id for result in results if result.is_new])
        return results

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """See `JobQueue.settle`."""
        accepted = await super().settle(settlements)
        for settlement, is_accepted in zip(settlements, accepted, strict=True):
            if is_accepted:
                self._settled(settlement)
        return accepted
