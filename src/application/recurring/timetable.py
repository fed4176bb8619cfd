"""Timetable: the instants at which a schedule is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ...domain.errors import InvalidJob, Problem
from ...domain.recurrence.jitter import shift
from ...domain.recurrence.local_clock import ClockChange, LocalClock
from ...domain.recurrence.recurrence import Recurrence
from ...domain.recurrence.time_zone import time_zone
from .cron_times import CronTimes
from .exclusions import Exclusions

MOST_EXCLUDED = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_DATE_FIELDS = ("day of month", "month", "weekday")


class Timetable:
    """The instants of one recurrence, each in whole milliseconds since 1970 in UTC.

    `name` is the schedule's, and gives the jitter; an interval without a start counts from `anchor`, the time of
    creation. Every process that makes one from the same arguments gets the same instants, whenever it looks: nothing here
    reads a clock. InvalidJob, if the recurrence is not well formed.
    """

    def __init__(self, recurrence: Recurrence, *, name: str = "", anchor: int = 0) -> None:
        recurrence.check()
        self.recurrence = recurrence
        self._name = name
        self._clock = LocalClock(time_zone(recurrence.timezone))
        self._start = None if recurrence.start is None else -((_EPOCH - recurrence.start) // _MILLISECOND)
        self._made = anchor
        self._anchor = anchor if self._start is None else self._start
        self._end = None if recurrence.end is None else (recurrence.end - _EPOCH) // _MILLISECOND
        self._every = None if recurrence.interval is None else recurrence.interval // _MILLISECOND
        self._jitter = None if recurrence.jitter is None else recurrence.jitter // _MILLISECOND
        expression = recurrence.expression
        self._cron = None if expression is None else CronTimes(expression, self._clock)
        self._exclusions = Exclusions(recurrence.exclude, self._clock)

    def following(self, after: int, fired: int = 0) -> int | None:
        """The first instant after `after`, before jitter; None: there is none, or `fired`, the fires so far, is the limit.

        None also where 10,000 spans on end (days, hours or single instants) are excluded, or no date fits for fifty years.
        """
        if self.recurrence.limit is not None and fired >= self.recurrence.limit:
            return None
        if self._start is not None:
            after = max(after, self._start - 1)
        for _ in range(MOST_EXCLUDED):
            instant = self._next(after)
            if instant is None or (self._end is not None and instant > self._end):
                return None
            until = self._exclusions.until(instant // 1000)
            if until is None:
                return instant
            after = until * 1000 - 1
        return None

    def instants(self, after: int, most: int, fired: int = 0) -> list[int]:
        """At most `most` instants after `after`, in order, before jitter; `fired` as for `following`."""
        found: list[int] = []
        while len(found) < most and (instant := self.following(after, fired + len(found))) is not None:
            found.append(instant)
            after = instant
        return found

    def between(self, after: int, until: int, most: int) -> list[int] | None:
        """The instants after `after` and up to `until`; None where there are more than `most`."""
        found: list[int] = []
        while (instant := self.following(after)) is not None and instant <= until:
            if len(found) == most:
                return None
            found.append(instant)
            after = instant
        return found

    def latest(self, until: int, most: int, after: int) -> list[int]:
        """The latest instants up to `until` and after `after`, at most `most`, in order, before jitter and whatever the limit.

        However many there are in between, it looks at a few times `most`: it searches for a time from which there are as
        many as that.
        """
        too_short, too_long, length = 0, 0, most * 1000
        while True:
            since = max(after, until - length)
            found = self.between(since, until, 2 * most)
            if found is None:
                too_long = length
            elif len(found) >= most or since == after:
                return found[-most:]
            else:
                too_short = length
            length = (too_short + too_long) // 2 if too_long else 2 * too_short

    def pending(self, after: int, fired: int = 0) -> int | None:
        """The first instant whose job is due after `after`: with jitter it may lie before. `fired` as for `following`.

        With jitter, instants up to the time of creation are left out.
        """
        limit = self.recurrence.limit
        if self._jitter is not None and (limit is None or fired < limit):
            for instant in self.latest(after, 1, max(after - self._jitter, self._made)):
                if self.due(instant) > after:
                    return instant
        return self.following(after, fired)

    def next_due(self, after: int, fired: int = 0) -> int | None:
        """When the first job that is due after `after` is due, jitter included; `fired` as for `following`."""
        instant = self.pending(after, fired)
        return None if instant is None else self.due(instant)

    def due(self, instant: int) -> int:
        """When the job of an instant of this timetable is due: the instant with its jitter, before the instant that follows."""
        if self._jitter is None:
            return instant
        following = self.following(instant)
        gap = self._jitter if following is None else min(self._jitter, following - instant)
        return instant + shift(self._name, instant, gap)

    def instant_of(self, due: int) -> int:
        """The instant whose job is due at `due`: what `due` was made of. ValueError: no job is."""
        if self._jitter is None:
            return due
        for instant in self.latest(due, 1, due - self._jitter):
            if self.due(instant) == due:
                return instant
        raise ValueError(f"no job of {self._name!r} is due at {due}")

    def clock_change(self, instant: int) -> ClockChange | None:
        """How a change of the clock bears on an instant of this timetable, before jitter.

        `gap`: it stands for a local time that the change skipped; `overlap`: its local time exists twice, and a fixed
        time is due at the first only; None: not at all.
        """
        second = instant // 1000
        change = self._clock.change_at(second)
        if change != "gap":
            return change
        if self._cron is None or not self._cron.expression.is_fixed:
            return None
        end = self._clock.shows(second)
        start = end - self._clock.skipped_before(second) * _SECOND
        skipped = next(self._cron.local_times(start - _SECOND), end)
        return "gap" if skipped < end else None

    def check(self, after: int) -> None:
        """Return if the schedule is due at least once after `after`; else InvalidJob tells which field prevents it."""
        if self.following(after) is not None:
            return
        whole = Timetable(replace(self.recurrence, exclude=(), end=None), anchor=self._anchor)
        first = whole.following(after)
        if first is None:
            raise InvalidJob([Problem("cron", self._why_never())])
        if self._end is not None and first > self._end:
            message = f"{_text(self._end)} is before the next instant, {_text(first)}: the schedule would never be due"
            raise InvalidJob([Problem("end", message)])
        message = f"leaves nothing: all instants from {_text(first)} on are excluded" + (
            "" if self._end is None else f", up to the end, {_text(self._end)}"
        )
        raise InvalidJob([Problem("exclude", message)])

    def _next(self, after: int) -> int | None:
        if self._every is not None:
            passed = (after - self._anchor) // self._every
            return self._anchor if passed < 0 else self._anchor + (passed + 1) * self._every
        second = None if self._cron is None else self._cron.following(after // 1000)
        return None if second is None else second * 1000

    def _why_never(self) -> str:
        text = self.recurrence.cron or ""
        names = ("second", "minute", "hour", *_DATE_FIELDS)[-len(text.split()) :]
        given, at = [], 0
        for name, word in zip(names, text.split(), strict=True):
            at = text.index(word, at)
            if name in _DATE_FIELDS and word != "*":
                given.append(f"{name} {word!r} (character {at + 1})")
            at += len(word)
        return f"{text!r} never fires: no date of the calendar has {' and '.join(given)}"


def _text(instant: int) -> str:
    return (_EPOCH + instant * _MILLISECOND).isoformat()
