"""JobRunner: runs due jobs one after the other, by the container's own executor, slots and observers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import timedelta

from .. import handler_wiring
from ..adapters.worker.slot_pool import SlotPool
from ..container import Container
from ..domain.errors import JobFailed
from ..domain.status import JobStatus
from ..domain.transitions import JobEvent
from ..lifecycle import Lifecycle
from ..ports.delivery import Settlement, Subscription
from .drain_report import JobRun

AT_ONCE = timedelta()
FAILURES = (JobEvent.ERRED, JobEvent.DIED)


class JobRunner:
    """Takes due jobs from all queues, in the order in which a worker with one slot would.

    The start hooks of the handler modules run before the first job, the stop hooks at `close`. May be entered again
    from a handler that submits to an eager service.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._hooks: Lifecycle | None = None
        self._turns: dict[str, Future[JobRun]] = {}
        self._raised: dict[str, BaseException] = {}
        self._settled: dict[str, Settlement] = {}

    def raised(self, job_id: str, error: BaseException) -> None:
        """Hear what a handler raised."""
        self._raised[job_id] = error

    def settled(self, settlement: Settlement) -> None:
        """Hear how a run ended."""
        self._settled[settlement.delivery.job_id] = settlement

    async def run_due(self, max_runs: int) -> list[JobRun]:
        """Run what is due until nothing is; RuntimeError after `max_runs`."""
        pool = await self._ready()
        runs: list[JobRun] = []
        while (run := await self._run_next(pool)) is not None:
            runs.append(run)
            if len(runs) > max_runs:
                raise RuntimeError(
                    f"more than {max_runs} runs without an end; does a handler submit its own job without a delay? "
                    f"The last was {run}"
                )
        return runs

    async def run_submitted(self, job_ids: Sequence[str]) -> list[JobRun]:
        """Run what is due until these jobs have had a turn, also those that another submit took meanwhile."""
        pool = await self._ready()
        turns: dict[str, Future[JobRun]] = {job_id: Future() for job_id in job_ids}
        self._turns |= turns
        try:
            while not all(turn.done() for turn in turns.values()):
                if await self._run_next(pool) is None:
                    break
            elsewhere = [job_id for job_id, turn in turns.items() if not turn.done()]
            for job_id in elsewhere:
                if await self._status(job_id) is JobStatus.PROCESSING:
                    await asyncio.wrap_future(turns[job_id])
        finally:
            for job_id in turns:
                self._turns.pop(job_id, None)
        return [turn.result() for turn in turns.values() if turn.done()]

    async def close(self) -> None:
        """Run the stop hooks where the start hooks ran."""
        hooks, self._hooks = self._hooks, None
        if hooks is not None:
            await hooks.stop()

    @property
    def is_started(self) -> bool:
        """Whether the start hooks ran."""
        return self._hooks is not None

    async def _ready(self) -> SlotPool:
        if self._hooks is None:
            modules, resolver = self._container.modules(), self._container.resolver()
            hooks = self._hooks = Lifecycle(handler_wiring.marked_hooks(modules, resolver))
            try:
                await hooks.start()
            except BaseException:
                self._hooks = None
                raise
        self._container.progress().attach()
        self._container.pool.reset()  # a pool belongs to one event loop, a test may use several
        pool: SlotPool = self._container.pool()
        return pool

    async def _run_next(self, pool: SlotPool) -> JobRun | None:
        if self._container.settings().jobs.scheduler.enabled:
            while await self._container.scheduler().run_due() <= 0:
                pass
        queues = self._container.validator().queues
        everything = Subscription(
            self._container.identity().worker_id, {name: rules.weight for name, rules in queues.items()}
        )
        deliveries = await self._container.access.queue().dequeue(everything, 1, AT_ONCE)
        if not deliveries:
            return None
        job_id = deliveries[0].job_id
        turn = self._turns.get(job_id, Future[JobRun]())
        try:
            pool.start(deliveries)
            await pool.wait_until_idle()
            await pool.wait_until_observed()
            run = await self._report(job_id)
        except BaseException as error:
            turn.set_exception(error)
            raise
        turn.set_result(run)
        return run

    async def _report(self, job_id: str) -> JobRun:
        settlement, raised = self._settled.pop(job_id, None), self._raised.pop(job_id, None)
        if settlement is None:
            raise RuntimeError(f"the run of job {job_id!r} did not come to an end; the log says why")
        job = await self._container.access.use_cases().queries.get(job_id)
        error = None
        if settlement.event in FAILURES:
            error = raised or JobFailed(f"job {job_id!r}: {settlement.reason}: {settlement.error}")
        return JobRun(job, settlement.event, error)

    async def _status(self, job_id: str) -> JobStatus | None:
        (stored,) = await self._container.access.store().get([job_id])
        return None if stored is None else stored.status
