"""LedgerEntry: what became of an instant of a schedule; and the claims and answers between schedulers and stores."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .schedule_entry import ScheduleEntry


class Claim(msgspec.Struct):
    """A due instant of a schedule: `due` is the entry's `next_due`, `instant` what it was before jitter.

    `following` becomes the entry's next due instant; None: it has ended.
    """

    name: str
    due: int
    instant: int
    following: int | None


class FireOutcome(StrEnum):
    """What became of a claim: `refused` where it was not claimable: no job, and nothing in the ledger."""

    FIRED = "fired"
    SKIPPED = "skipped"
    QUEUED = "queued"
    REFUSED = "refused"


class LedgerEntry(msgspec.Struct):
    """What became of an instant. `outcome` is `fired`, `skipped`, `queued`, `missed` or `triggered`.

    `at` is when that was settled, by the store's clock. `job_id` is the job that was made, or the one that was in the
    way. A `missed` entry stands for `count` instants, of which `instant` is the latest. All in milliseconds since 1970.
    """

    instant: int
    outcome: str
    at: int
    job_id: str = ""
    count: int = 1


class Released(msgspec.Struct):
    """An instant that had waited for earlier jobs and has fired now."""

    name: str
    instant: int
    job_id: str


class Look(msgspec.Struct):
    """What a scheduler needs to know. `now` is the store's clock; `due` are entries whose `next_due` has come, the earliest first.

    `next_due` is the earliest due instant of all entries that are not paused, None where there is none. `revision` is
    that of the configuration that was applied last, None where there was none. `waits` is whether an instant waits for an
    earlier job to end.
    """

    now: int
    due: list[ScheduleEntry]
    next_due: int | None
    revision: int | None = None
    released: list[Released] = []
    waits: bool = False


class Seeding(msgspec.Struct):
    """What came of applying a configuration.

    `applied` is whether it was; else `revision` and `digest` are of the one that is there. `paused` and `removed` are the
    names of schedules that the configuration has no more.
    """

    applied: bool
    revision: int
    digest: str
    paused: list[str] = []
    removed: list[str] = []
