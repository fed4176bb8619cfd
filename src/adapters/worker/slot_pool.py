"""SlotPool: N jobs at the same time in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from ...application.executor import Executor
from ...application.observers import Observers
from ...application.run import Run, StopReason
from ...application.verdict import describe
from ...domain.transitions import JobEvent
from ...ports.clock import Clock
from ...ports.delivery import Delivery, Settlement
from ...ports.job_metrics import JobMetrics
from ...ports.worker import PoolStatistics, SlotHealth
from .progress_keeper import ProgressKeeper
from .run_record import RunRecord
from .settler import Settler

log = structlog.get_logger("hexjobs.worker")


@dataclass(slots=True, eq=False)
class Slot:
    """One place in which a job can run."""

    number: int
    since: float
    jobs_run: int = 0
    run: Run | None = None
    delivery: Delivery | None = None
    task: asyncio.Task[None] | None = None


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
    ) -> None:
        self._executor = executor
        self._settler = settler
        self._progress = progress
        self._metrics = metrics
        self._clock = clock
        self._numbers = iter(range(1, 1 << 62))
        self._free: list[Slot] = [self._new_slot() for _ in range(slots)]
        self._busy: set[Slot] = set()
        self._surplus = 0
        self._record = RunRecord(metrics, observers)
        self._changed = asyncio.Event()
        self._tell_slots()

    @property
    def free(self) -> int:
        """How many jobs could start now."""
        return len(self._free)

    @property
    def busy(self) -> int:
        """How many jobs run."""
        return len(self._busy)

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
        """What runs now."""
        return [slot.delivery for slot in self._busy if slot.delivery is not None]

    def stop_runs(self, reason: StopReason, job_ids: Iterable[str] | None = None) -> int:
        """Stop runs, all or those named: an `async def` handler is cancelled, a `def` handler sees `cancelled`."""
        wanted = None if job_ids is None else set(job_ids)
        stopped = 0
        for slot in list(self._busy):
            run = slot.run
            if run is None or slot.task is None or (wanted is not None and run.delivery.job_id not in wanted):
                continue
            if run.stop_reason is None:
                run.stop_reason = reason
                run.context.cancel()
                slot.task.cancel()
                stopped += 1
        return stopped

    def add_workers(self, count: int) -> int:
        """See `WorkerPool.add_workers`."""
        kept = min(count, self._surplus)
        self._surplus -= kept
        self._free.extend(self._new_slot() for _ in range(count - kept))
        self._notify()
        return self._size()

    def remove_workers(self, count: int) -> int:
        """See `WorkerPool.remove_workers`."""
        count = min(count, self._size() - 1)
        for _ in range(max(0, count)):
            if self._free:
                self._free.pop()
            else:
                self._surplus += 1
        self._tell_slots()
        return self._size()

    def statistics(self) -> PoolStatistics:
        """See `WorkerPool.statistics`."""
        record, by_event = self._record, self._record.by_event
        return PoolStatistics(
            slots=self._size(),
            busy=self.busy,
            processed=record.processed,
            succeeded=by_event.get(JobEvent.SUCCEEDED, 0),
            retried=by_event.get(JobEvent.ERRED, 0),
            failed=by_event.get(JobEvent.DIED, 0),
            cancelled=sum(
                by_event.get(event, 0) for event in (JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED)
            ),
            given_back=by_event.get(JobEvent.GIVEN_BACK, 0),
            refused=record.refused,
        )

    def slots(self) -> list[SlotHealth]:
        """See `WorkerPool.slots`."""
        now = self._clock.monotonic()
        return [
            SlotHealth(
                slot=slot.number,
                state="idle" if slot.delivery is None else "busy",
                job_id=None if slot.delivery is None else slot.delivery.job_id,
                job_type=None if slot.run is None else slot.run.job_type,
                seconds=round(now - slot.since, 3),
                jobs_run=slot.jobs_run,
            )
            for slot in sorted([*self._free, *self._busy], key=lambda slot: slot.number)
        ]

    async def _work(self, slot: Slot, delivery: Delivery) -> None:
        started = self._clock.monotonic()
        try:
            settlement, job_type = await self._run(slot, delivery)
            if settlement is None:
                self._metrics.lease_lost(job_type)
            else:
                await self._progress.flush(delivery.job_id)
                accepted = await self._settler.settle(settlement)
                seconds = self._clock.monotonic() - started
                self._record.settled(settlement, job_type, seconds, accepted=accepted)
        except Exception:
            log.exception("settle_failed", job_id=delivery.job_id)
        finally:
            self._release(slot)

    async def _run(self, slot: Slot, delivery: Delivery) -> tuple[Settlement | None, str]:
        job_type = "unknown"
        try:
            prepared = self._executor.prepare(delivery)
            if not isinstance(prepared, Run):
                return prepared, job_type
            slot.run, job_type = prepared, prepared.job_type
            try:
                return await self._executor.execute(prepared), job_type
            finally:
                slot.run = None  # from here on nothing stops this slot's task
        except Exception as error:
            # No fault of the handler's run, so another one would not mend it: a person has to look.
            log.exception("run_failed", job_id=delivery.job_id)
            died = Settlement(delivery, JobEvent.DIED, reason="internal_error", error=describe(error))
            return died, job_type

    def _release(self, slot: Slot) -> None:
        self._busy.discard(slot)
        slot.run = slot.delivery = slot.task = None
        slot.jobs_run += 1
        slot.since = self._clock.monotonic()
        if self._surplus:
            self._surplus -= 1
        else:
            self._free.append(slot)
        self._notify()

    def _new_slot(self) -> Slot:
        return Slot(next(self._numbers), self._clock.monotonic())

    def _size(self) -> int:
        return len(self._free) + len(self._busy) - self._surplus

    def _notify(self) -> None:
        self._tell_slots()
        self._changed.set()

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _tell_slots(self) -> None:
        self._metrics.set_slots(len(self._busy), self._size())
