"""QueueControl: what an operator does to a whole queue."""

from __future__ import annotations

from typing import Protocol


class QueueControl(Protocol):
    """What an operator does to a whole queue. ServerUnavailable is raised by every method when the server is away."""

    async def pause(self, queue: str) -> bool:
        """Hand out no more jobs of this queue, to any worker, until it is resumed; False when it was paused already.

        It holds for all workers at once, from the next hand-out on, and is kept in the store. Jobs that run go on;
        new ones, due ones and retries come in and wait. `stats` tells that the queue is paused.
        """
        ...

    async def resume(self, queue: str) -> bool:
        """Hand out the queue's jobs again, and wake workers that wait for them; False when it was not paused.

        Among queues its turn comes as if it had just become ready.
        """
        ...

    async def purge(self, queue: str) -> int:
        """Forget all jobs of the queue that wait, are scheduled or retrying; the number of jobs removed.

        Each goes with all that belongs to it, and its unique key is free. Jobs that run stay, and so do ended ones.
        A job that comes in meanwhile may go with them or stay.
        """
        ...
