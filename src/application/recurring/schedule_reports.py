"""ScheduleReports: what became of instants, told to the log and to the metrics."""

from __future__ import annotations

import structlog

from ...ports.job_metrics import JobMetrics
from ..messages import to_instant

log = structlog.get_logger("hexjobs.scheduler")


class ScheduleReports:
    """Tells what became of instants. Times are milliseconds; without `metrics` the log alone hears of them."""

    def __init__(self, metrics: JobMetrics | None = None) -> None:
        self._metrics = metrics

    def fired(self, schedule: str, job_id: str, late: int) -> None:
        """A job was made, so long after it was due."""
        late_seconds = round(late / 1000, 3)
        log.info("schedule_fired", schedule=schedule, job_id=job_id, late_seconds=late_seconds)
        if self._metrics is not None:
            self._metrics.schedule_fired(schedule, late_seconds)

    def queued(self, schedule: str, job_id: str) -> None:
        """A job is to be made when earlier ones have ended."""
        log.info("schedule_queued", schedule=schedule, job_id=job_id)

    def skipped(self, schedule: str, job_id: str) -> None:
        """A job was not made, because another is in its way."""
        log.info("schedule_skipped", schedule=schedule, job_id=job_id)
        if self._metrics is not None:
            self._metrics.schedule_skipped(schedule)

    def missed(self, schedule: str, count: int, last: int) -> None:
        """So many instants were passed over, `last` being the latest of them."""
        log.warning("schedule_missed", schedule=schedule, count=count, last=to_instant(last).isoformat())
        if self._metrics is not None:
            self._metrics.schedule_missed(schedule, count)
