"""`bury`: dead letters, made through the port as a worker makes them."""

from __future__ import annotations

from datetime import timedelta

from hexjobs import AsyncBackgroundJobService
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription

from .services import PART, fill


async def bury(jobs: AsyncBackgroundJobService, count: int) -> None:
    """Have `count` dead letters; nothing else may wait in the queue `default`."""
    queue = jobs.container.access.queue()
    subscription = Subscription("burying", {"default": 1})
    for first in range(0, count, PART):
        part = min(PART, count - first)
        await fill(jobs, part)
        left = part
        while left:
            deliveries = await queue.dequeue(subscription, left, timedelta(0))
            await queue.settle(
                [Settlement(each, JobEvent.DIED, error="buried", reason="failed") for each in deliveries]
            )
            left -= len(deliveries)
    await queue.leave(subscription)
