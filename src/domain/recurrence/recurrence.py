"""Recurrence: when a schedule is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..duration import parse_duration
from ..errors import InvalidJob, Problem
from .cron_expression import CronExpression
from .exclusion import Exclusion
from .time_zone import time_zone

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36525)
MOST_EXCLUSIONS = 1000
LAST_YEAR = 9000
_EVERY = "@every"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A cron expression in a time zone or an interval, with what bounds it. Any value can be made; `check` refuses.

    cron: five or six fields, or `@daily` and its like, or `@every 90s`. every: an interval, in place of `cron`.
    timezone: the IANA name of the zone in which `cron` and `exclude` are read. start, end: the first and the last instant
    that may be due, aware; intervals count from `start`. limit: how many times it is due at most. exclude: ISO dates in
    the zone, or cron expressions. jitter: each instant is put off by less than this, the same in every process.
    """

    cron: str | None = None
    every: timedelta | None = None
    timezone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    exclude: tuple[str, ...] = ()
    jitter: timedelta | None = None

    def check(self) -> None:
        """Return if the recurrence is well formed; InvalidJob names each wrong field, the place, and what to write.

        Whether it is ever due is the question of `Timetable.check`.
        """
        problems = [
            *self._rhythm_problems(),
            *self._zone_problems(),
            *self._bound_problems(),
            *self._exclusion_problems(),
        ]
        if problems:
            raise InvalidJob(problems)

    @property
    def interval(self) -> timedelta | None:
        """The interval, whether written as `every` or as `@every 90s`; None for a cron expression."""
        if self.cron is not None and self.cron.strip().lower().startswith(_EVERY):
            return parse_duration(self.cron.strip()[len(_EVERY) :].strip())
        return self.every

    @property
    def expression(self) -> CronExpression | None:
        """The cron expression; None for an interval."""
        return None if self.cron is None or self.interval is not None else CronExpression(self.cron)

    def _rhythm_problems(self) -> Iterator[Problem]:
        if (self.cron is None) == (self.every is None):
            yield Problem("cron", 'give either cron, such as "0 2 * * *", or every, such as "90s"')
            return
        field = "every" if self.cron is None else "cron"
        if self.cron is not None and not isinstance(self.cron, str):
            yield Problem("cron", f"{self.cron!r} is not a text")
            return
        try:
            interval = self.interval
        except ValueError as error:
            yield Problem(field, f"{self.cron!r} is not an interval: {error}")
            return
        if interval is not None:
            yield from _interval_problems(field, interval)
        elif self.cron is not None:
            for problem in CronExpression(self.cron).problems:
                yield Problem("cron", f"{self.cron!r} is not a cron expression: {problem}")

    def _zone_problems(self) -> Iterator[Problem]:
        try:
            time_zone(self.timezone)
        except InvalidJob as error:
            yield from error.problems

    def _bound_problems(self) -> Iterator[Problem]:
        for field in ("start", "end"):
            bound = getattr(self, field)
            if bound is not None and (not isinstance(bound, datetime) or bound.utcoffset() is None):
                yield Problem(field, f"{bound!r} has no time zone: give an aware datetime")
                return
            if bound is not None and not 1970 <= bound.year <= LAST_YEAR:
                yield Problem(field, f"{bound.isoformat()} is not between 1970 and {LAST_YEAR}: leave it out")
        if self.start and self.end and self.end < self.start:
            yield Problem("end", f"{self.end.isoformat()} is before the start, {self.start.isoformat()}")
        if self.limit is not None and (not _is_count(self.limit) or self.limit < 1):
            yield Problem("limit", f"{self.limit!r} is not a whole number from 1")
        if self.jitter is not None:
            yield from _interval_problems("jitter", self.jitter, shortest=timedelta(milliseconds=1))

    def _exclusion_problems(self) -> Iterator[Problem]:
        exclude: object = self.exclude
        if not isinstance(exclude, (tuple, list)) or len(exclude) > MOST_EXCLUSIONS:
            yield Problem(
                "exclude", f"must be a list of at most {MOST_EXCLUSIONS} dates and cron expressions"
            )
            return
        for index, text in enumerate(exclude):
            problem = Exclusion(text).problem if isinstance(text, str) else "is not a text"
            if problem:
                yield Problem(f"exclude.{index}", f"{text!r} {problem}")


def _interval_problems(field: str, value: timedelta, shortest: timedelta = SHORTEST) -> Iterator[Problem]:
    if not isinstance(value, timedelta):
        yield Problem(field, f"{value!r} is not a timedelta")
    elif not shortest <= value <= LONGEST:
        seconds = f"{shortest.total_seconds():g}s"
        yield Problem(field, f"{value} is not between {seconds} and {LONGEST.days} days")
    elif value % timedelta(milliseconds=1):
        yield Problem(field, f"{value} is not a whole number of milliseconds")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
