"""ControlQueue: pause, resume and empty a queue."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import Problem, UnknownQueue
from ..domain.suggestion import nearest
from ..ports.queue_control import QueueControl
from .job_queries import JobQueries


@dataclass(frozen=True, slots=True)
class ControlQueue:
    """Pause, resume and empty a queue that is known: configured, or used by somebody. Else UnknownQueue names the nearest."""

    control: QueueControl
    queries: JobQueries

    async def pause(self, queue: str) -> bool:
        """Hand out no more jobs of the queue; False when it was paused already."""
        await self._require_known(queue)
        return await self.control.pause(queue)

    async def resume(self, queue: str) -> bool:
        """Hand out the queue's jobs again; False when it was not paused."""
        if await self.control.resume(queue):
            return True
        await self._require_known(queue)
        return False

    async def purge(self, queue: str) -> int:
        """Forget the queue's waiting, scheduled and retrying jobs; how many they were."""
        await self._require_known(queue)
        return await self.control.purge(queue)

    async def _require_known(self, queue: str) -> None:
        known = await self.queries.known_queues()
        if queue not in known:
            raise UnknownQueue([Problem("queue", f"{queue!r} is not a known queue{nearest(queue, known)}")])
