"""LeaseKeeper: shows that a worker is alive, and takes over from those that are not."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from ...application.blocking import drive
from ...application.lease_watch import LeaseWatch
from ...application.run import StopReason
from ...domain.errors import LeaseLost
from ...ports.clock import Clock
from ...ports.delivery import Delivery, LeaseState
from ...ports.envelope import MalformedEnvelope, decode_envelope
from ...ports.job_metrics import JobMetrics
from ...ports.job_queue import JobQueue
from ...ports.leases import Leases, Recovered, WorkerFacts
from .slot_pool import SlotPool
from .worker_identity import WorkerIdentity

LONGEST_CLOSE_LOOK_SECONDS = 1.0
log = structlog.get_logger("hexjobs.worker")


class LeaseKeeper:
    """A thread with a connection of its own: no handler that blocks the event loop, sleeps or waits can starve it.

    In each step it counts a beat, learns which of the running deliveries are lost or cancelled, looks at the beats of
    all workers, and takes over from those that stood still for a whole lease. There is one every `interval` seconds; two
    while jobs run here, whose lease then survives a lost beat, and where somebody's lease is about to run out, so that its jobs
    need not wait for the next beat. `leases`, `queue` and `close` never suspend (see
    `hexjobs.application.blocking`). `advanced` and `tried` are when a step last succeeded and last began, on the
    monotonic clock.
    """

    name = "lease"

    def __init__(
        self,
        *,
        leases: Leases,
        queue: JobQueue,
        identity: WorkerIdentity,
        pool: SlotPool,
        watch: LeaseWatch,
        clock: Clock,
        metrics: JobMetrics,
        facts: Callable[[], WorkerFacts],
        interval: float,
        close: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._leases = leases
        self._queue = queue
        self._identity = identity
        self._pool = pool
        self._watch = watch
        self._clock = clock
        self._metrics = metrics
        self._facts = facts
        self._interval = interval
        self._runs_jobs = False
        self._close = close
        self._told: tuple[str, WorkerFacts] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.advanced = self.tried = clock.monotonic()
        self.failure: str | None = None

    def start(self) -> None:
        """Begin; runs are stopped in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._keep, name="hexjobs-lease", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Return when it has ended."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def step(self) -> None:
        """Beat, learn, look and take over once; go on under a new id where the lease is gone."""
        worker_id, facts = self._identity.worker_id, self._facts()
        is_told = self._told == (worker_id, facts)
        asked = self._clock.monotonic()
        try:
            beats = drive(self._leases.beat(worker_id, None if is_told else facts))
        except LeaseLost:
            self._identity.renew(worker_id)
            beats = {}
        else:
            self._told = worker_id, facts
        dead = self._watch.look(beats, asked, self._clock.monotonic())
        deliveries = self._pool.deliveries()
        self._runs_jobs = bool(deliveries)
        self._learn(deliveries)
        for lost_worker, beat in dead.items():
            self.take_over(lost_worker, beat)

    def pause(self) -> float:
        """How many seconds may pass until the next step."""
        closely = min(LONGEST_CLOSE_LOOK_SECONDS, self._interval / 2)
        if self._runs_jobs:
            return closely
        return min(self._interval, max(closely, self._watch.remaining(self._clock.monotonic())))

    def take_over(self, worker_id: str, beat: str | None) -> None:
        """Take over the jobs of a worker whose beat stands still, or (None) whose process is known to be dead."""
        recovered = drive(self._leases.take_over(worker_id, beat))
        if recovered is None:
            return
        log.warning("worker_lost", worker_id=worker_id, jobs=len(recovered))
        for job in recovered:
            log.warning("job_recovered", job_id=job.job_id, crashes=job.crashes, cancelled=job.cancelled)
        self._in_loop(self._count, recovered)

    def _learn(self, deliveries: Sequence[Delivery]) -> None:
        """Stop the runs that were lost, or should be cancelled."""
        if not deliveries:
            return
        states = drive(self._queue.extend(deliveries))
        found = zip(deliveries, states, strict=True)
        ended = [(delivery, state) for delivery, state in found if state is not LeaseState.HELD]
        if ended:
            self._in_loop(self._stop_runs, ended)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self.tried = self._clock.monotonic()
            try:
                self.step()
            except Exception as error:  # noqa: BLE001  # the lease is kept through every failure of a step
                is_first = self.failure is None
                self._failed(error)
                if is_first:
                    continue  # one broken connection is no reason to be late
            else:
                self.advanced = self._clock.monotonic()
                if self.failure is not None:
                    log.info("role_recovered", role=self.name)
                    self.failure = None
            spread = 0.95 + random.random() / 20  # noqa: S311  # jitter, no secret
            self._stopping.wait(self.pause() * spread)
        drive(self._close())

    def _failed(self, error: Exception) -> None:
        self._watch.interrupted()
        if self.failure is None:
            log.warning("lease_not_shown", role=self.name, error=str(error) or repr(error))
        self.failure = str(error) or repr(error)

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing runs any more
                self._loop.call_soon_threadsafe(function, *arguments)

    def _stop_runs(self, ended: Sequence[tuple[Delivery, LeaseState]]) -> None:
        # By now a slot may run a later delivery of the same job.
        current = {id(delivery) for delivery in self._pool.deliveries()}
        for delivery, state in ended:
            reason = StopReason.LEASE_LOST if state is LeaseState.LOST else StopReason.CANCELLED
            if id(delivery) in current and self._pool.stop_runs(reason, [delivery.job_id]):
                log.info("run_stopped", job_id=delivery.job_id, reason=reason.value)

    def _count(self, recovered: Sequence[Recovered]) -> None:
        for job in recovered:
            with contextlib.suppress(MalformedEnvelope):
                self._metrics.lease_lost(decode_envelope(job.data).type)
