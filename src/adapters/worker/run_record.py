"""RunRecord: what a pool's runs came to, for statistics, metrics, the log and observers."""

from __future__ import annotations

import asyncio
import logging

import structlog

from ...application.observers import Observers
from ...application.run import JobEventInfo
from ...domain.transitions import TRANSITIONS, JobEvent
from ...ports.delivery import Settlement
from ...ports.job_metrics import JobMetrics
from ...ports.worker import PoolStatistics

_SUCCEEDED = JobEvent.SUCCEEDED  # an enum's member is slow to look up
ENDED_AS_CANCELLED = (JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED)
log = structlog.get_logger("hexjobs.worker")


class RunRecord:
    """Counts settled runs, measures and logs them, and tells the observers, each in a task of its own."""

    def __init__(self, metrics: JobMetrics, observers: Observers) -> None:
        self._metrics = metrics
        self._observers = observers
        self._telling: set[asyncio.Task[None]] = set()
        self._tells_success = True
        self._succeeded = 0
        self._refused = 0
        self._by_event: dict[JobEvent, int] = {}

    def begin_batch(self) -> None:
        """Look, once for the runs that are told of next, whether anybody wants to read how a run went well."""
        line = log.bind()
        self._tells_success = not hasattr(type(line), "is_enabled_for") or line.is_enabled_for(logging.DEBUG)

    def settled(self, settlement: Settlement, job_type: str, seconds: float, *, accepted: bool) -> None:
        """A run took so long and ended like this; `accepted` is the store's answer."""
        delivery, event = settlement.delivery, settlement.event
        if not accepted:
            self._refused += 1
            self._metrics.result_refused(job_type)
            log.warning(
                "result_refused",
                job_id=delivery.job_id,
                job_type=job_type,
                outcome=event.value,
                fence=delivery.fence,
            )
            return
        if event is _SUCCEEDED:
            self._succeeded += 1
            self._metrics.job_processed(job_type, "completed", seconds)
            if self._tells_success:
                log.debug(
                    "job_completed",
                    job_id=delivery.job_id,
                    job_type=job_type,
                    attempt=delivery.attempt,
                    seconds=round(seconds, 4),
                )
            if self._observers.on_completed:
                self._tell(settlement, job_type)
            return
        self._by_event[event] = self._by_event.get(event, 0) + 1
        self._metrics.job_processed(job_type, TRANSITIONS[event].target.value, seconds)
        if event is JobEvent.ERRED:
            self._metrics.job_retried(job_type)
        elif event is JobEvent.DIED:
            self._metrics.job_dead(job_type, settlement.reason or "failed")
        self._log(settlement, job_type)
        if self._observers.of(event):
            self._tell(settlement, job_type)

    def statistics(self, *, slots: int, busy: int, zombies: int) -> PoolStatistics:
        """What the runs came to, with the pool's own figures."""
        count = self._by_event.get
        return PoolStatistics(
            slots=slots,
            busy=busy,
            processed=self._succeeded + sum(self._by_event.values()),
            succeeded=self._succeeded,
            retried=count(JobEvent.ERRED, 0),
            failed=count(JobEvent.DIED, 0),
            cancelled=sum(count(event, 0) for event in ENDED_AS_CANCELLED),
            given_back=count(JobEvent.GIVEN_BACK, 0),
            refused=self._refused,
            zombies=zombies,
        )

    async def wait_until_observed(self) -> None:
        """Return when the observers have heard of every run that was settled."""
        while self._telling:
            await asyncio.wait(set(self._telling))

    def _log(self, settlement: Settlement, job_type: str) -> None:
        delivery, event = settlement.delivery, settlement.event
        line = log.bind(job_id=delivery.job_id, job_type=job_type, attempt=delivery.attempt)
        if event is JobEvent.ERRED:
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
