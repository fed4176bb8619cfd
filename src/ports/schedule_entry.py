"""ScheduleEntry: a recurring schedule as a store keeps it."""

from __future__ import annotations

import msgspec


class ScheduleDefinition(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a schedule is: when it is due, and what its jobs are. Instants and lengths are milliseconds, instants since 1970 in UTC.

    `envelope` is the encoded envelope of the job that each fire makes, without id, time of making and due time. Exactly
    one of `cron` and `every` is given; `misfire` and `overlap` are the words of their policies. `source` is who keeps it:
    `code`, `config` or `cli`.
    """

    name: str
    envelope: msgspec.Raw
    cron: str | None = None
    every: int | None = None
    timezone: str = "UTC"
    start: int | None = None
    end: int | None = None
    limit: int | None = None
    exclude: list[str] = []
    jitter: int | None = None
    misfire: str = "run_once"
    grace: int = 60_000
    backlog: int = 100
    overlap: str = "allow"
    source: str = "code"

    @property
    def rhythm(self) -> str:
        """A text that is the same for definitions with the same instants."""
        parts = (
            self.cron,
            self.every,
            self.timezone,
            self.start,
            self.end,
            self.limit,
            self.exclude,
            self.jitter,
        )
        return msgspec.json.encode(parts).decode()


class ScheduleEntry(ScheduleDefinition, omit_defaults=True, kw_only=True):
    """A schedule as a store keeps it: its definition, and what became of it so far.

    `anchor` is from where intervals without a start count. `next_due` is when it is due next, jitter included; None: it
    has ended. `last_fired` is the latest instant that fired, before jitter; `fired`, `skipped` and `missed` are counts.
    `paused_by` is empty, `hand` or `config`. `queued` is the instant that waits for an earlier job to end.
    """

    anchor: int = 0
    next_due: int | None = None
    last_fired: int | None = None
    fired: int = 0
    skipped: int = 0
    missed: int = 0
    paused_by: str = ""
    queued: int | None = None

    @property
    def paused(self) -> bool:
        """Whether it is paused."""
        return bool(self.paused_by)


class Planned(msgspec.Struct):
    """A definition with where it begins: the anchor and the first due instant, used where its rhythm is a new one."""

    definition: ScheduleDefinition
    anchor: int
    next_due: int
