"""RunRecord: what a pool's runs came to, for statistics, metrics, the log and observers."""

from __future__ import annotations

import asyncio

import structlog

from ...application.observers import Observers
from ...application.run import JobEventInfo
from ...domain.transitions import TRANSITIONS, JobEvent
from ...ports.delivery import Settlement
from ...ports.job_metrics import JobMetrics
from ...ports.worker import PoolStatistics

ENDED_AS_CANCELLED = (JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED)
log = structlog.get_logger("hexjobs.worker")


class RunRecord:
    """Counts settled runs, measures and logs them, and tells the observers, each in a task of its own."""

    def __init__(self, metrics: JobMetrics, observers: Observers) -> None:
        self._metrics = metrics
        self._observers = observers
        self._telling: set[asyncio.Task[None]] = set()
        self.processed = 0
        self.refused = 0
        self.by_event: dict[JobEvent, int] = {}

    def settled(self, settlement: Settlement, job_type: str, seconds: float, *, accepted: bool) -> None:
        """A run took so long and ended like this; `accepted` is the store's answer."""
        delivery, event = settlement.delivery, settlement.event
        if not accepted:
            self.refused += 1
            self._metrics.result_refused(job_type)
            log.warning(
                "result_refused",
                job_id=delivery.job_id,
                job_type=job_type,
                outcome=event.value,
                fence=delivery.fence,
            )
            return
        self.processed += 1
        self.by_event[event] = self.by_event.get(event, 0) + 1
        self._metrics.job_processed(job_type, TRANSITIONS[event].target.value, seconds)
        if event is JobEvent.ERRED:
            self._metrics.job_retried(job_type)
        elif event is JobEvent.DIED:
            self._metrics.job_dead(job_type, settlement.reason or "failed")
        self._log(settlement, job_type, seconds)
        if self._observers.of(event):
            self._tell(settlement, job_type)

    def statistics(self, *, slots: int, busy: int, zombies: int) -> PoolStatistics:
        """What the runs came to, with the pool's own figures."""
        count = self.by_event.get
        return PoolStatistics(
            slots=slots,
            busy=busy,
            processed=self.processed,
            succeeded=count(JobEvent.SUCCEEDED, 0),
            retried=count(JobEvent.ERRED, 0),
            failed=count(JobEvent.DIED, 0),
            cancelled=sum(count(event, 0) for event in ENDED_AS_CANCELLED),
            given_back=count(JobEvent.GIVEN_BACK, 0),
            refused=self.refused,
            zombies=zombies,
        )

    async def wait_until_observed(self) -> None:
        """Return when the observers have heard of every run that was settled."""
        while self._telling:
            await asyncio.wait(set(self._telling))

    def _log(self, settlement: Settlement, job_type: str, seconds: float) -> None:
        delivery, event = settlement.delivery, settlement.event
        line = log.bind(job_id=delivery.job_id, job_type=job_type, attempt=delivery.attempt)
        if event is JobEvent.SUCCEEDED:
            line.debug("job_completed", seconds=round(seconds, 4))
        elif event is JobEvent.ERRED:
            delay = 0.0 if settlement.delay is None else settlement.delay.total_seconds()
            line.info("job_retried", retry_in_seconds=round(delay, 3), error=_last_line(settlement.error))
        elif event is JobEvent.DIED:
            line.error("job_dead", reason=settlement.reason, error=_last_line(settlement.error))
        elif event is JobEvent.CRASHED:
            line.warning("job_crashed", error=_last_line(settlement.error))
        else:
            line.info(f"job_{event.value}", reason=settlement.reason)

    def _tell(self, settlement: Settlement, job_type: str) -> None:
        delivery = settlement.delivery
        info = JobEventInfo(
            job_id=delivery.job_id,
            job_type=job_type,
            queue=delivery.queue,
            attempt=delivery.attempt,
            status=TRANSITIONS[settlement.event].target.value,
            reason=settlement.reason,
            error=settlement.error,
        )
        task = asyncio.create_task(self._observers.tell(settlement.event, info), name="hexjobs-observer")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def _last_line(error: str | None) -> str:
    return (error or "").strip().rpartition("\n")[2][:300]
