"""ScheduleTurn: one schedule's due instants, settled claim by claim."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import inf

from msgspec import structs

from ...domain.errors import JobNotFound
from ...domain.recurrence.overlap_policy import OverlapPolicy
from ...domain.recurrence.schedule_plan import SchedulePlan
from ...ports.envelope import Envelope, Message
from ...ports.schedule_entry import ScheduleEntry
from ...ports.schedule_ledger import Claim, FireOutcome
from ...ports.schedule_store import ScheduleStore
from ..cancel_job import CancelJob
from .due_instants import DueInstants
from .fire_ids import fire_id, told_time
from .schedule_reports import ScheduleReports
from .timetable import Timetable

MOST_FIRES = 100
_MAY_SKIP = (OverlapPolicy.SKIP, OverlapPolicy.QUEUE_ONE)


@dataclass(frozen=True, slots=True)
class ScheduleTurn:
    """A schedule that is due, as a look at `now` by the store's clock found it: its entry, what it is, and its envelope."""

    store: ScheduleStore
    cancel: CancelJob
    reports: ScheduleReports
    entry: ScheduleEntry
    plan: SchedulePlan
    envelope: Envelope
    now: int

    async def settle(self) -> int:
        """Settle what is due, 100 fires at most; how many claims were made. It ends at one that another scheduler has made."""
        entry, first_due = self.entry, self.entry.next_due
        if first_due is None:
            return 0
        timetable = Timetable(self.plan.recurrence, name=entry.name, anchor=entry.anchor)
        try:
            first = timetable.instant_of(first_due)
        except ValueError:  # it was reckoned by another state of the tz database
            first = first_due
        left = self._fires_left()
        if left <= 0:
            return await self._end(first_due)
        most = int(min(left, MOST_FIRES))
        found = DueInstants.at(self.now, first, first_due, timetable, self.plan, most)
        coming = [*found.firing, *([] if found.following is None else [found.following])]
        dues = [first_due if instant == first else timetable.due(instant) for instant in coming]
        claims = 0
        if found.missed:
            claims += 1
            following = dues[0] if dues else None
            claim = Claim(entry.name, first_due, found.last_missed, following)
            if not await self.store.pass_over(claim, found.missed):
                return claims
            self.reports.missed(entry.name, found.missed, found.last_missed)
        for place, instant in enumerate(found.firing):
            claims += 1
            following = dues[place + 1] if place + 1 < len(dues) else None
            if place + 1 == left and not self._may_skip:
                following = None
            if await self._fire(Claim(entry.name, dues[place], instant, following)) is FireOutcome.REFUSED:
                break
        return claims

    def _fires_left(self) -> float:
        """How often it may still fire; an instant that waits for earlier jobs will."""
        limit = self.plan.recurrence.limit
        return inf if limit is None else limit - self.entry.fired - (self.entry.queued is not None)

    @property
    def _may_skip(self) -> bool:
        """Whether a claim may come to nothing; then it goes on after what would have been the last fire."""
        return self.plan.overlap in _MAY_SKIP or self.envelope.unique is not None

    async def _end(self, due: int) -> int:
        """The limit is reached: claim an instant that the ledger has, so that nothing is noted, and it goes on to its end."""
        entry = self.entry
        settled = entry.queued if entry.last_fired is None else entry.last_fired
        await self.store.pass_over(Claim(entry.name, due, due if settled is None else settled, None), 1)
        return 1

    async def _fire(self, claim: Claim) -> FireOutcome:
        if self.plan.overlap == OverlapPolicy.CANCEL_RUNNING:
            await self._cancel_before(claim)
        message = Message.of(fire_id(claim.name, claim.instant), structs.replace(self.envelope, at=self.now))
        outcome = await self.store.fire(claim, message, str(self.plan.overlap))
        if outcome is FireOutcome.FIRED:
            self.reports.fired(claim.name, message.job_id, self.now - claim.due)
        elif outcome is FireOutcome.QUEUED:
            self.reports.queued(claim.name, message.job_id)
        elif outcome is FireOutcome.SKIPPED:
            self.reports.skipped(claim.name, message.job_id)
        return outcome

    async def _cancel_before(self, claim: Claim) -> None:
        """Cancel the jobs of earlier instants, and no others: another scheduler may have fired this one and later ones by now."""
        for job_id in await self.store.unended(claim.name):
            told = told_time(job_id)
            if told is not None and told < claim.instant:
                with suppress(JobNotFound):
                    await self.cancel(job_id)
