"""SlotPool: N jobs at the same time in one process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
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
from ...ports.worker import PoolStatistics, SlotHealth
from .progress_keeper import ProgressKeeper
from .run_record import RunRecord
from .run_watch import GRACE, RunWatch
from .settler import Settler
from .slot import Slot, Stage
from .zombies import Zombies

log = structlog.get_logger("hexjobs.worker")


class SlotPool:
    """Runs deliveries, each in a slot, from the executor to the settled outcome."""

    def __init__(
        self,
        slots: int,
        executor: Executor,
        settler: Settler,
        metrics: JobMetrics,
        clock: Clock,
        observers: Observers,
        progress: ProgressKeeper,
        zombie_limit: int = 5,
        grace: timedelta = GRACE,
    ) -> None:
        self._executor = executor
        self._settler = settler
        self._progress = progress
        self._metrics = metrics
        self._clock = clock
        self._numbers = iter(range(1, 1 << 62))
        self._wanted = slots
        self._free: list[Slot] = []
        self._busy: set[Slot] = set()
        self._ended: deque[tuple[float, str]] = deque(maxlen=16)
        self._zombies = Zombies(zombie_limit, metrics)
        self._watch = RunWatch(self._busy, self._give_up, metrics, grace)
        self._record = RunRecord(metrics, observers)
        self._changed = asyncio.Event()
        self._fit()

    @property
    def free(self) -> int:
        """How many jobs could start now."""
        return len(self._free)

    @property
    def busy(self) -> int:
        """How many jobs run."""
        return len(self._busy)

    @property
    def free_since(self) -> float | None:
        """Since when, by the monotonic clock, a job could start; None where none could."""
        return min((slot.since for slot in self._free), default=None)

    @property
    def has_too_many_zombies(self) -> bool:
        """Whether runs that cannot be stopped have taken slots for good: only a new process brings them back."""
        return bool(self._zombies.unreplaced)

    async def wait_for_free_slot(self) -> None:
        """Return when a job could start."""
        while not self._free:
            await self._wait_for_change()

    async def wait_until_idle(self) -> None:
        """Return when no job runs."""
        while self._busy:
            await self._wait_for_change()

    async def wait_until_observed(self) -> None:
        """Return when the observers have heard of every job that has ended."""
        await self._record.wait_until_observed()

    def start(self, delivery: Delivery) -> None:
        """Run a delivery in a free slot."""
        slot = self._free.pop()
        slot.delivery, slot.since = delivery, self._clock.monotonic()
        self._busy.add(slot)
        self._tell_slots()
        slot.task = asyncio.create_task(self._work(slot, delivery), name=f"hexjobs-job-{delivery.job_id}")

    def deliveries(self) -> list[Delivery]:
        """What runs now; may be asked from any thread."""
        return [slot.delivery for slot in list(self._busy) if slot.delivery is not None]

    def job_ids(self) -> list[str]:
        """The ids of what runs, or ended a second ago at most: it may have held the lock of who asks, from any thread."""
        since = self._clock.monotonic() - 1
        ended = [job_id for at, job_id in list(self._ended) if at >= since]
        return [delivery.job_id for delivery in self.deliveries()] + ended

    def stop_runs(self, reason: StopReason, job_ids: Iterable[str] | None = None) -> int:
        """Stop runs, all or those named; how many heard it for the first time.

        A slot is free again within the grace time, unless the reason is CANCELLED: then the handler may end in its own
        way, and its timeout stays in force.
        """
        wanted = None if job_ids is None else set(job_ids)
        slots = [slot for slot in self._busy if slot.delivery is not None]
        if wanted is not None:
            slots = [slot for slot in slots if slot.delivery is not None and slot.delivery.job_id in wanted]
        return sum(self._watch.stop(slot, reason) for slot in slots)

    async def bury_zombies(self, within: float) -> None:
        """Let go of the runs that were given up and still go on; see `Zombies.bury`."""
        await self._zombies.bury(within)

    def add_workers(self, count: int) -> int:
        """See `WorkerPool.add_workers`."""
        self._wanted += count
        self._fit()
        return self._wanted

    def remove_workers(self, count: int) -> int:
        """See `WorkerPool.remove_workers`."""
        self._wanted = max(1, self._wanted - max(0, count))
        self._fit()
        return self._wanted

    def statistics(self) -> PoolStatistics:
        """See `WorkerPool.statistics`."""
        return self._record.statistics(slots=self._size(), busy=self.busy, zombies=len(self._zombies))

    def slots(self) -> list[SlotHealth]:
        """See `WorkerPool.slots`."""
        now = self._clock.monotonic()
        slots = sorted([*self._free, *self._busy, *self._zombies], key=lambda slot: slot.number)
        return [slot.health(now) for slot in slots]

    async def _work(self, slot: Slot, delivery: Delivery) -> None:
        try:
            settlement, job_type = await self._run(slot, delivery)
        except GeneratorExit as error:
            # Awaiting what failed with GeneratorExit throws it here, past everything in between.
            run = slot.run
            if run is None or asyncio.current_task() is not slot.task:
                self._release(slot)
                raise  # this coroutine is being closed
            settlement, job_type = self._executor.judge(run, outcome_of(error)), run.job_type
        if slot.stage is Stage.GIVEN_UP:
            self._release(slot)  # it was settled without this
        else:
            await slot.end_run()
            await self._conclude(slot, settlement, job_type, last_progress=True)

    async def _run(self, slot: Slot, delivery: Delivery) -> tuple[Settlement | None, str]:
        job_type = "unknown"
        try:
            prepared = self._executor.prepare(delivery)
            if not isinstance(prepared, Run):
                return prepared, job_type
            job_type = prepared.job_type
            self._watch.begin(slot, prepared)
            return await self._executor.execute(prepared), job_type
        except GeneratorExit:
            raise
        except BaseException as error:  # a model or a backoff of the user's may raise anything
            # No fault of the handler's run, so another one would not mend it: a person has to look.
            log.exception("run_failed", job_id=delivery.job_id)
            died = Settlement(delivery, JobEvent.DIED, reason="internal_error", error=describe(error))
            return died, job_type

    async def _conclude(
        self, slot: Slot, settlement: Settlement | None, job_type: str, *, last_progress: bool = False
    ) -> None:
        try:
            if settlement is None:
                self._metrics.lease_lost(job_type)
            else:
                if last_progress:
                    await self._progress.flush(settlement.delivery.job_id)
                accepted = await self._settler.settle(settlement)
                seconds = self._clock.monotonic() - slot.since
                self._record.settled(settlement, job_type, seconds, accepted=accepted)
        except Exception:
            log.exception("settle_failed", job_id=None if settlement is None else settlement.delivery.job_id)
        finally:
            self._release(slot)

    def _give_up(self, slot: Slot, run: Run) -> None:
        """Settle the run without its handler, in a fresh slot that takes this one's place."""
        heir = self._new_slot()
        heir.delivery, heir.since, heir.stage = slot.delivery, slot.since, Stage.SETTLING
        slot.stage = Stage.GIVEN_UP
        run.context.abandon()
        self._busy.discard(slot)
        self._busy.add(heir)
        self._zombies.add(slot, run)
        self._fit()
        ending = self._conclude(heir, self._executor.give_up(run), run.job_type)
        heir.task = asyncio.create_task(ending, name=f"hexjobs-job-{run.delivery.job_id}")

    def _release(self, slot: Slot) -> None:
        now = self._clock.monotonic()
        if slot.delivery is not None:
            self._ended.append((now, slot.delivery.job_id))
        if slot.stage is Stage.GIVEN_UP:
            self._zombies.remove(slot, now)
        else:
            self._busy.discard(slot)
            slot.clear(now)
            self._free.append(slot)
        self._fit()

    def _fit(self) -> None:
        """Have as many slots as there should be; busy ones go when they are free."""
        surplus = len(self._free) + len(self._busy) - self._size()
        while surplus > 0 and self._free:
            self._free.pop()
            surplus -= 1
        for _ in range(-surplus):
            self._free.append(self._new_slot())
        self._tell_slots()
        self._changed.set()

    def _new_slot(self) -> Slot:
        return Slot(next(self._numbers), self._clock.monotonic())

    def _size(self) -> int:
        return max(0, self._wanted - self._zombies.unreplaced)

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _tell_slots(self) -> None:
        self._metrics.set_slots(len(self._busy), self._size())
