"""SchedulePass: one pass over the schedules that are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ...domain.errors import InvalidJob
from ...ports.envelope import MalformedEnvelope, NewerEnvelope, decode_envelope
from ...ports.job_metrics import JobMetrics
from ...ports.schedule_entry import ScheduleEntry
from ...ports.schedule_ledger import Look
from ...ports.schedule_store import ScheduleStore
from ..cancel_job import CancelJob
from .schedule_reports import ScheduleReports

if TYPE_CHECKING:
    from .schedule_configuration import ScheduleConfiguration

MOST_ENTRIES = 100
MOST_CLAIMS = 200
LONGEST_WAIT = 20.0
WAIT_FOR_JOBS = 5.0
WAIT_FOR_NEWER = 1.0
log = structlog.get_logger("hexjobs.scheduler")


class SchedulePass:
    """Looks at the store, applies the configuration where it is due, and settles each due instant, in claims of the store.

    Any number of processes may run it at the same time: a claim that another one has made is refused. It reads no clock:
    the store's says what is due, and how late. The calendar is imported when something is due. Without `metrics` nothing is measured, without `configuration` none applied.
    """

    def __init__(
        self,
        store: ScheduleStore,
        cancel: CancelJob,
        metrics: JobMetrics | None = None,
        configuration: ScheduleConfiguration | None = None,
    ) -> None:
        self._store = store
        self._cancel = cancel
        self._reports = ScheduleReports(metrics)
        self._configuration = configuration
        self._is_compared = False
        self._newer: set[str] = set()

    async def __call__(self) -> float:
        """Make one pass; the seconds until the next one is needed, zero where there may be more to do."""
        look = await self._store.look(MOST_ENTRIES)
        for released in look.released:
            self._reports.fired(released.name, released.job_id, look.now - released.instant)
        if await self._seed(look):
            return 0.0
        claims = 0
        for entry in look.due:
            if claims >= MOST_CLAIMS:
                break
            claims += await self._settle(entry, look.now)
        if claims:
            return 0.0
        if look.due:
            return WAIT_FOR_NEWER
        longest = WAIT_FOR_JOBS if look.waits else LONGEST_WAIT
        return longest if look.next_due is None else min(longest, max(0, look.next_due - look.now) / 1000)

    async def _seed(self, look: Look) -> bool:
        """Apply the configuration where the store has an older one, or none; whether it did."""
        configuration = self._configuration
        if configuration is None:
            return False
        if look.revision is not None and look.revision >= configuration.revision:
            if self._is_compared or look.revision > configuration.revision:
                return False
            self._is_compared = True
        revision, digest = configuration.revision, configuration.digest
        entries = configuration.planned(look.now)
        seeding = await self._store.seed(revision, digest, entries, prune=configuration.prune)
        if seeding.applied:
            self._is_compared = True
            log.info(
                "schedules_seeded",
                revision=revision,
                schedules=[planned.definition.name for planned in entries],
                paused=seeding.paused,
                removed=seeding.removed,
            )
        elif seeding.revision == revision and seeding.digest != digest:
            log.warning("schedules_changed_without_revision", revision=revision)
        return seeding.applied

    async def _settle(self, entry: ScheduleEntry, now: int) -> int:
        """Settle what is due of one schedule; how many claims that took, none where it is left to newer schedulers."""
        from .plan_of import plan_of
        from .schedule_turn import ScheduleTurn

        try:
            envelope, plan = decode_envelope(bytes(entry.envelope)), plan_of(entry)
        except NewerEnvelope as error:
            if entry.name not in self._newer:
                self._newer.add(entry.name)
                log.warning("schedule_newer", schedule=entry.name, error=str(error))
            return 0
        except (MalformedEnvelope, InvalidJob) as error:
            log.error("schedule_unreadable", schedule=entry.name, error=str(error))  # noqa: TRY400  # the error says it
            await self._store.pause(entry.name)
            return 1
        turn = ScheduleTurn(self._store, self._cancel, self._reports, entry, plan, envelope, now)
        return await turn.settle()
