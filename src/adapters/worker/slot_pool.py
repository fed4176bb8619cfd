"""SlotPool: N jobs at the same time in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog

from ...application.executor import Executor
from ...application.observers import Observers
from ...application.run import Run, StopReason
from ...application.verdict import describe, outcome_of
from ...domain.transitions import JobEvent
from ...ports.clock import Clock
from ...ports.delivery import Delivery, Settlement
from ...ports.job_metrics import JobMetrics
from ...ports.job_queue import JobQueue
from ...ports.worker import PoolStatistics, SlotHealth
from .loop_watch import JOB_TASK
from .progress_keeper import ProgressKeeper
from .run_record import RunRecord
from .run_watch import GRACE, RunWatch
from .settler import Settler
from .slot import Slot, Stage
from .slots import Slots

WORTH_HALVING = 32
_GIVEN_UP = Stage.GIVEN_UP  # an enum's member is slow to look up
log = structlog.get_logger("hexjobs.worker")


class SlotPool:
    """Runs deliveries, each in a slot, from the executor to the settled outcome."""

    def __init__(
        self,
        slots: int,
        executor: Executor,
        queue: JobQueue,
        metrics: JobMetrics,
        clock: Clock,
        observers: Observers,
        progress: ProgressKeeper,
        zombie_limit: int = 5,
        grace: timedelta = GRACE,
    ) -> None:
        self._executor = executor
        self._progress = progress
        self._metrics = metrics
        self._clock = clock
        self._slots = Slots(slots, zombie_limit, metrics, clock)
        self._settler: Settler[Slot] = Settler(queue, self._settled)
        self._watch = RunWatch(self._slots.busy, self._give_up, metrics, grace)
        self._record = RunRecord(metrics, observers)

    @property
    def free(self) -> int:
        """How many slots have no job."""
        return len(self._slots.free)

    @property
    def room(self) -> int:
        """How many jobs to ask for now.

        A slot whose outcome is on its way to the store counts: it will be free when they come. A large pool asks for no
        more than half of its slots at once: so the store hands out the one half while the other half runs.
        """
        size = self._slots.size
        most = size if size < WORTH_HALVING else (size + 1) // 2
        return min(most, size - len(self._slots.busy) + self._settler.on_its_way)

    @property
    def busy(self) -> int:
        """How many jobs run."""
        return len(self._slots.busy)

    @property
    def free_since(self) -> float | None:
        """Since when, by the monotonic clock, a job could start; None where none could."""
        return min((slot.since for slot in self._slots.free), default=None)

    @property
    def has_too_many_zombies(self) -> bool:
        """Whether runs that cannot be stopped have taken slots for good: only a new process brings them back."""
        return bool(self._slots.zombies.unreplaced)

    async def wait_for_room(self) -> None:
        """Return when there is room."""
        await self._slots.wait_until(lambda: self.room > 0)

    async def wait_until_idle(self) -> None:
        """Return when no job runs."""
        await self._slots.wait_until(lambda: not self._slots.busy)

    async def wait_until_observed(self) -> None:
        """Return when the observers have heard of every job that has ended."""
        await self._record.wait_until_observed()

    def start(self, deliveries: Sequence[Delivery]) -> None:
        """Run deliveries, each in a slot.

        Where slots were taken away while they were on their way, some get a slot beyond the number, which goes when it
        is free: a delivery that was not run would stay with this worker for ever.
        """
        loop = asyncio.get_running_loop()
        since, now = self._clock.monotonic(), self._executor.now()
        for delivery in deliveries:
            slot = self._slots.take(delivery, since)
            slot.task = loop.create_task(self._work(slot, delivery, now), name=JOB_TASK + delivery.job_id)
        self._slots.tell()

    def deliveries(self) -> list[Delivery]:
        """What runs now; may be asked from any thread."""
        return [slot.delivery for slot in list(self._slots.busy) if slot.delivery is not None]

    def job_ids(self) -> list[str]:
        """The ids of what runs, or ended a second ago at most: it may have held the lock of who asks, from any thread."""
        since = self._clock.monotonic() - 1
        ended = [job_id for at, job_id in list(self._slots.ended) if at >= since]
        return [delivery.job_id for delivery in self.deliveries()] + ended

    def stop_runs(self, reason: StopReason, job_ids: Iterable[str] | None = None) -> int:
        """Stop runs, all or those named; how many heard it for the first time.

        A slot is free again within the grace time, unless the reason is CANCELLED: then the handler may end in its own
        way, and its timeout stays in force.
        """
        wanted = None if job_ids is None else set(job_ids)
        slots = [slot for slot in self._slots.busy if slot.delivery is not None]
        if wanted is not None:
            slots = [slot for slot in slots if slot.delivery is not None and slot.delivery.job_id in wanted]
        return sum(self._watch.stop(slot, reason) for slot in slots)

    async def bury_zombies(self, within: float) -> None:
        """Let go of the runs that were given up and still go on; see `Zombies.bury`."""
        await self._slots.zombies.bury(within)

    def add_workers(self, count: int) -> int:
        """See `WorkerPool.add_workers`."""
        return self._resize(self._slots.wanted + count)

    def remove_workers(self, count: int) -> int:
        """See `WorkerPool.remove_workers`."""
        return self._resize(max(1, self._slots.wanted - max(0, count)))

    def statistics(self) -> PoolStatistics:
        """See `WorkerPool.statistics`."""
        slots = self._slots
        return self._record.statistics(slots=slots.size, busy=len(slots.busy), zombies=len(slots.zombies))

    def slots(self) -> list[SlotHealth]:
        """See `WorkerPool.slots`."""
        now = self._clock.monotonic()
        return [slot.health(now) for slot in self._slots]

    def _resize(self, wanted: int) -> int:
        self._slots.wanted = wanted
        self._slots.fit()
        return wanted

    async def _work(self, slot: Slot, delivery: Delivery, now: int) -> None:
        try:
            settlement = await self._run(slot, delivery, now)
        except GeneratorExit as error:
            # Awaiting what failed with GeneratorExit throws it here, past everything in between.
            run = slot.run
            if run is None or asyncio.current_task() is not slot.task:
                self._release(slot)
                raise  # this coroutine is being closed
            settlement = self._executor.judge(run, outcome_of(error))
        if slot.stage is _GIVEN_UP:
            self._release(slot)  # it was settled without this
            return
        cancelling = slot.end_run()
        if cancelling is not None:
            await slot.hear(cancelling)
        try:
            if self._progress.has(delivery.job_id):
                await self._progress.flush(delivery.job_id)
        finally:
            self._conclude(slot, settlement)

    async def _run(self, slot: Slot, delivery: Delivery, now: int) -> Settlement | None:
        try:
            prepared = self._executor.prepare(delivery, now)
            if not isinstance(prepared, Run):
                return prepared
            self._watch.begin(slot, prepared)
            return await self._executor.execute(prepared)
        except GeneratorExit:
            raise
        except BaseException as error:  # a model or a backoff of the user's may raise anything
            # No fault of the handler's run, so another one would not mend it: a person has to look.
            log.exception("run_failed", job_id=delivery.job_id)
            return Settlement(delivery, JobEvent.DIED, reason="internal_error", error=describe(error))

    def _give_up(self, slot: Slot, run: Run) -> None:
        """Settle the run without its handler."""
        run.context.abandon()
        heir = self._slots.give_up(slot, run)
        self._conclude(heir, self._executor.give_up(run))

    def _conclude(self, slot: Slot, settlement: Settlement | None) -> None:
        """Have the outcome recorded, if it is ours; the slot is free once the store has answered."""
        if settlement is None:
            self._metrics.lease_lost(slot.job_type)
            self._release(slot)
            return
        self._settler.settle(settlement, slot)
        if self._settler.is_gathering:
            self._slots.changed.set()  # there is room

    def _settled(self, batch: Sequence[tuple[Settlement, Slot]], answers: Sequence[bool]) -> None:
        now = self._clock.monotonic()
        self._record.begin_batch()
        for (settlement, slot), accepted in zip(batch, answers, strict=True):
            try:
                self._record.settled(settlement, slot.job_type, now - slot.since, accepted=accepted)
            except Exception:
                log.exception("settle_failed", job_id=settlement.delivery.job_id)
            self._slots.release(slot, now)
        self._slots.fit()

    def _release(self, slot: Slot) -> None:
        self._slots.release(slot, self._clock.monotonic())
        self._slots.fit()
