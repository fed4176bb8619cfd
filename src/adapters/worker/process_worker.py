"""ProcessWorker: one process's part in running jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog

from ...application.run import StopReason
from ...domain.errors import ServerUnavailable
from ...ports.clock import Clock
from ...ports.health_check import Health
from ...ports.job_queue import JobQueue
from .lease_keeper import LeaseKeeper
from .loop_watch import LoopWatch
from .role import Role, RoleRunner
from .roles import Fetch
from .slot_pool import SlotPool
from .worker_health import worker_health

# A fetch that waits ends within this time once it is woken, or by itself when the server is away.
FETCH_GRACE_SECONDS = 6.0
LAST_GRACE_SECONDS = 3.0
LEAVE_GRACE_SECONDS = 5.0
LEAVE_PAUSE_SECONDS = 0.1
log = structlog.get_logger("hexjobs.worker")


class ProcessWorker:
    """A pool of slots, its lease, and the roles that feed and watch it: started in their order, stopped in two steps.

    Stopping first ends fetching, then lets jobs finish up to the deadline and gives the rest back, then ends the
    other roles.
    """

    def __init__(
        self,
        *,
        queue: JobQueue,
        pool: SlotPool,
        fetch: Fetch,
        lease: LeaseKeeper,
        loop_watch: LoopWatch,
        roles: Sequence[Role],
        clock: Clock,
        shutdown_timeout: timedelta,
        stuck_after: timedelta,
    ) -> None:
        self._queue = queue
        self.pool = pool
        self._fetch = fetch
        self._lease = lease
        self._loop_watch = loop_watch
        self._clock = clock
        self._shutdown_timeout = shutdown_timeout
        self._stuck_after = stuck_after.total_seconds()
        self._fetching = RoleRunner(fetch, clock)
        self._roles = [RoleRunner(role, clock) for role in roles]
        self._hurry = asyncio.Event()
        self._stopped = False

    @property
    def worker_id(self) -> str:
        """See `Worker.worker_id`."""
        return self._fetch.identity.worker_id

    async def start(self) -> None:
        """See `Worker.start`."""
        self._lease.start()
        self._loop_watch.start()
        for runner in (*self._roles, self._fetching):
            runner.start()
        log.info("worker_started", worker_id=self.worker_id, slots=self.pool.statistics().slots)

    async def stop(self) -> None:
        """See `Worker.stop`."""
        if self._stopped:
            return
        self._stopped = True
        log.info("worker_stopping", worker_id=self.worker_id, running=self.pool.busy)
        await self._stop_fetching()
        await self._stop_working()
        await self._lease.stop()  # a beat that came after the leave would list the worker again
        await self._leave()
        await asyncio.to_thread(self._loop_watch.stop)
        with contextlib.suppress(TimeoutError):  # a slow observer is left behind
            await asyncio.wait_for(self.pool.wait_until_observed(), LAST_GRACE_SECONDS)
        await self.pool.bury_zombies(LAST_GRACE_SECONDS / 2)
        for runner in reversed(self._roles):
            await runner.stop()
        log.info("worker_stopped", worker_id=self.worker_id, **self.pool.statistics().to_dict())

    def hurry(self) -> None:
        """Wait for no job any more: what runs is given back at once."""
        self._hurry.set()

    async def wait_until_empty(self) -> None:
        """Return when a fetch found nothing and no job runs."""
        while not (self._fetch.found_nothing and not self.pool.busy):
            self._fetch.found_nothing = False
            await self.pool.wait_until_idle()
            await self._clock.sleep(0.05)

    def health(self) -> Health:
        """See `Worker.health`."""
        return worker_health(
            self.worker_id,
            (self._fetching, self._lease, *self._roles),
            self.pool,
            self._clock.monotonic(),
            self._stuck_after,
        )

    async def _leave(self) -> None:
        """Give back what is still noted under this worker: a lost reply may have handed it jobs, or kept outcomes away."""
        given_back = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_GRACE_SECONDS):
                while given_back is None:
                    try:
                        given_back = await self._queue.leave(self._fetch.subscription)
                    except ServerUnavailable:
                        await self._clock.sleep(LEAVE_PAUSE_SECONDS)
        if given_back is None:
            log.warning("leave_failed", worker_id=self.worker_id, running=self.pool.busy)
        elif given_back:
            log.warning("jobs_given_back", worker_id=self.worker_id, jobs=given_back)

    async def _stop_fetching(self) -> None:
        self._fetch.stopping = True
        self._fetching.request_stop()
        try:
            await asyncio.wait_for(self._queue.wake(self.worker_id), FETCH_GRACE_SECONDS)
        except Exception as error:  # noqa: BLE001  # the fetch then ends by itself
            log.debug("wake_failed", error=str(error))
        await self._fetching.stop(FETCH_GRACE_SECONDS if self._fetch.is_asking else 0.0)

    async def _stop_working(self) -> None:
        idle = asyncio.create_task(self.pool.wait_until_idle())
        hurry = asyncio.create_task(self._hurry.wait())
        try:
            timeout = self._shutdown_timeout.total_seconds()
            await asyncio.wait({idle, hurry}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if self.pool.stop_runs(StopReason.GIVEN_BACK):
                log.info("jobs_given_back", worker_id=self.worker_id)
            await asyncio.wait({idle}, timeout=LAST_GRACE_SECONDS)
        finally:
            for task in (idle, hurry):
                task.cancel()
