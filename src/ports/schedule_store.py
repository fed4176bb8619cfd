"""ScheduleStore: recurring schedules, and the ledger of what has fired."""

from __future__ import annotations

from typing import Protocol

import msgspec

from .envelope import Message


class ScheduleEntry(msgspec.Struct, omit_defaults=True):
    """One recurring schedule. Instants are milliseconds since 1970 in UTC.

    `envelope` is the encoded envelope of the job that each fire makes, without id and due time.
    """

    name: str
    cron: str
    timezone: str
    envelope: msgspec.Raw
    next_due: int
    last_fired: int | None = None
    paused: bool = False


class ScheduleStore(Protocol):
    """Recurring schedules. ServerUnavailable is raised by every method when the server is away."""

    async def put(self, entry: ScheduleEntry) -> None:
        """Add the entry, or replace the one of the same name."""
        ...

    async def get(self, name: str) -> ScheduleEntry | None:
        """The entry, or None."""
        ...

    async def list(self) -> list[ScheduleEntry]:
        """All entries, by name."""
        ...

    async def remove(self, name: str) -> bool:
        """Forget the entry; False when there is none. Jobs that it made stay."""
        ...

    async def set_paused(self, name: str, paused: bool) -> bool:
        """Pause or resume; False when there is no such entry. A paused entry does not fire."""
        ...

    async def next_due(self) -> int | None:
        """The earliest due instant of an entry that is not paused, or None."""
        ...

    async def fire(self, name: str, due: int, following: int, message: Message) -> bool:
        """Claim the instant `due` of an entry and enqueue its job, in one step; False when it is not claimable.

        It is claimable when the entry exists, is not paused, and its `next_due` is `due`; then `following` becomes
        its `next_due`. So an instant makes one job, however many schedulers try.
        """
        ...
