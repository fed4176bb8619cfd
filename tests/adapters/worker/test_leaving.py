"""A worker that ends is forgotten for good."""

from __future__ import annotations

import threading
from typing import Any, cast

from hexjobs import JobContext, job_handler
from hexjobs.ports.delivery import Subscription
from hexjobs.ports.leases import Leases, WorkerFacts
from support.run import run
from support.until import until
from support.worker_harness import container_with, handler_module

LONG_ENOUGH = 0.5


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """A worker has to have some handler."""


class _LateBeats:
    """Leases whose beats arrive after the worker's leave, or after `LONG_ENOUGH` where none comes before them."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.on_its_way = threading.Event()
        self.left = threading.Event()

    async def beat(self, worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        """In the lease's own thread, which it holds up."""
        self.on_its_way.set()
        self.left.wait(LONG_ENOUGH)
        return await self._leases.beat(worker_id, facts)


def test_a_beat_on_its_way_lists_no_worker_that_has_left() -> None:
    """The first one tells who joins. A worker that is stopped meanwhile waits for it, then leaves."""

    async def scenario() -> None:
        with handler_module(noop) as name:
            container = container_with(name)
            worker, queue = container.worker(), cast("Any", container.access.queue())
            leases: Leases = cast("Any", worker)._lease._leases
            late = cast("Any", worker)._lease._leases = _LateBeats(leases)
            leave = queue.leave

            async def leave_and_tell(subscription: Subscription) -> int:
                given_back: int = await leave(subscription)
                late.left.set()
                return given_back

            queue.leave = leave_and_tell
            await worker.start()
            await until(late.on_its_way.is_set)
            await worker.stop()
            container.caller().close()
            assert late.left.is_set()
            assert await leases.workers() == []

    run(scenario())
