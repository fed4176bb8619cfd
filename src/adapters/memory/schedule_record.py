"""ScheduleRecord: one schedule as the memory keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import asdict, replace

from ...ports.envelope import Message
from ...ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from ...ports.schedule_ledger import Claim, FireOutcome, LedgerEntry
from .schedule_ledger import ScheduleLedger


@dataclass(slots=True, eq=False)
class ScheduleRecord:
    """One schedule: its definition, where its instants have got to, and what became of them.

    `queued` is the message of the instant `queued_instant`, which waits for earlier jobs to end.
    """

    definition: ScheduleDefinition
    anchor: int
    next_due: int | None
    last_fired: int | None = None
    fired: int = 0
    skipped: int = 0
    missed: int = 0
    paused_by: str = ""
    queued_instant: int = 0
    queued: Message | None = None
    ledger: ScheduleLedger = field(default_factory=ScheduleLedger)

    @classmethod
    def of(cls, planned: Planned) -> ScheduleRecord:
        """A new schedule."""
        return cls(_own(planned.definition), planned.anchor, planned.next_due)

    def plan(self, planned: Planned) -> None:
        """Replace the definition; one with another rhythm begins where it is planned."""
        if planned.definition.rhythm != self.definition.rhythm:
            self.anchor, self.next_due = planned.anchor, planned.next_due
        self.definition = _own(planned.definition)

    def is_due(self, now: int) -> bool:
        """Whether an instant of it has come."""
        return self.next_due is not None and not self.paused_by and self.next_due <= now

    def claim(self, claim: Claim, now: int) -> bool:
        """Go on to what follows the instant; False where nobody may claim it."""
        if not self.is_due(now) or self.next_due != claim.due:
            return False
        self.next_due = claim.following
        return not self.ledger.has(claim.instant)

    def note(self, instant: int, outcome: str, now: int, job_id: str = "", count: int = 1) -> None:
        """Write into the ledger, and count."""
        self.ledger.note(LedgerEntry(instant, outcome, now, job_id, count))
        if outcome == FireOutcome.FIRED:
            self.ledger.fires.append(job_id)
            self.fired += 1
            self.last_fired = max(instant, self.last_fired or instant)
        elif outcome == FireOutcome.SKIPPED:
            self.skipped += 1
        elif outcome == "missed":
            self.missed += count

    def to_entry(self) -> ScheduleEntry:
        """A view that later changes do not touch."""
        return ScheduleEntry(
            **asdict(_own(self.definition)),
            anchor=self.anchor,
            next_due=self.next_due,
            last_fired=self.last_fired,
            fired=self.fired,
            skipped=self.skipped,
            missed=self.missed,
            paused_by=self.paused_by,
            queued=None if self.queued is None else self.queued_instant,
        )


def _own(definition: ScheduleDefinition) -> ScheduleDefinition:
    return replace(definition, exclude=list(definition.exclude))
