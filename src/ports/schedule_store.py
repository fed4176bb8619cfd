"""ScheduleStore: recurring schedules, and the ledger of what became of their instants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from .envelope import Message
from .schedule_entry import Planned, ScheduleEntry
from .schedule_ledger import Claim, FireOutcome, LedgerEntry, Look, Seeding


class ScheduleStore(Protocol):
    """Recurring schedules. ServerUnavailable is raised by every method when the server is away.

    The store's own clock decides what is due: no clock of a scheduler does. The ledger keeps the latest 1000 entries of a
    schedule at least, and no instant up to the latest that it has forgotten can be claimed.
    """

    async def now(self) -> int:
        """The store's clock, in milliseconds since 1970."""
        ...

    async def put(self, planned: Planned) -> None:
        """Add the entry, or replace the one of the same name.

        One with the same rhythm keeps its anchor and its next due instant; its counts, its ledger and whether it is paused stay in
        any case.
        """
        ...

    async def seed(self, revision: int, digest: str, entries: Sequence[Planned], *, prune: bool) -> Seeding:
        """Apply the schedules of a configuration, all in one step, where its revision is higher than that of the one before, or none was.

        Each is put as by `put`. Schedules of an earlier configuration that are not among them are paused by `config`, or
        with `prune` forgotten; one that was paused so and is there again goes on from the `next_due` of its plan, unless it
        has ended.
        """
        ...

    async def get(self, name: str) -> ScheduleEntry | None:
        """The entry, or None."""
        ...

    async def remove(self, name: str) -> bool:
        """Forget the entry with its ledger; False when there is none. Jobs that it made stay."""
        ...

    async def pause(self, name: str) -> bool:
        """Pause by `hand`; False when there is no such entry. A paused entry is not due, and can be triggered."""
        ...

    async def resume(self, name: str, next_due: int | None) -> bool:
        """Go on, with the given next due instant; False when there is no such entry. One that is not paused stays as it is."""
        ...

    async def look(self, most: int) -> Look:
        """What is due now, `most` entries at most. Instants that waited for jobs which have ended by now fire first.

        One of a paused entry goes on waiting until it is resumed.
        """
        ...

    async def fire(self, claim: Claim, message: Message, overlap: str) -> FireOutcome:
        """Claim a due instant, enqueue its job and note it in the ledger, in one step.

        It is refused when there is no such entry, when it is paused, when its next due instant is not the claim's, and when
        that is after the store's clock: then nothing changes. It is refused as well when the ledger has the instant, or has
        forgotten that far: then the entry goes on with `following`, and nothing else changes. So an instant makes one job,
        however many schedulers try. With the overlap policies `skip` and `queue_one` the jobs of the latest 100 fires are looked
        at: where one has not ended, the instant is skipped, or queued. It is skipped as well where another job holds the
        message's unique key.
        """
        ...

    async def pass_over(self, claim: Claim, count: int) -> bool:
        """Note `count` instants, the claim's being the latest, as missed; False where the claim is refused, as by `fire`."""
        ...

    async def unended(self, name: str) -> list[str]:
        """The jobs of the latest 100 fires that have not ended, the earliest first."""
        ...

    async def trigger(self, name: str, message: Message) -> str | None:
        """Enqueue the job at once, beside the timetable, and note it in the ledger; None when there is no such entry.

        The answer is the job's id: that of the job which holds the message's unique key, where one does.
        """
        ...

    async def history(self, name: str, most: int) -> list[LedgerEntry]:
        """The latest entries of the ledger, the latest first; none for an unknown name."""
        ...

    async def wait(self, longest: timedelta) -> None:
        """Return when something has changed of which a scheduler should know, at the latest after `longest`.

        Of several that wait one returns. A change is an entry that was put, seeded or resumed, and an ended job that an instant
        waits for. A change while nobody waits is kept for the next one that does.
        """
        ...

    async def list(self) -> list[ScheduleEntry]:
        """All entries, by name."""
        ...
