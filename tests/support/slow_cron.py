"""A slow and simple reckoning of cron's instants, to judge the fast one by: it walks the minutes of UTC, one by one.

It shares nothing with the package or with cronsim but the zones of the tz database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


def numbers(term: str, low: int, high: int) -> set[int]:
    """What a term without marks stands for."""
    base, _, step = term.partition("/")
    first, dash, last = (f"{low}-{high}" if base == "*" else base).partition("-")
    end = int(last) if dash else (high if step else int(first))
    return set(range(int(first), end + 1, int(step or 1)))


class SlowCron:
    """Five fields of numbers, ranges, steps, lists, `L`, `5L` and `5#2`."""

    def __init__(self, text: str) -> None:
        self.fields = text.split()
        self.fixed = not any(mark in field for field in self.fields[:2] for mark in "*-/")
        self.sets: list[set[int]] = []
        for (low, high), field in zip(RANGES, self.fields, strict=True):
            plain = [term for term in field.split(",") if "L" not in term and "#" not in term]
            self.sets.append(set().union(*(numbers(term, low, high) for term in plain)))

    def matches(self, local: datetime) -> bool:
        """Whether a local time, to the minute, matches."""
        minutes, hours, days, months, weekdays = self.sets
        if local.minute not in minutes or local.hour not in hours or local.month not in months:
            return False
        weekday = local.isoweekday() % 7
        tomorrow_month = (local + timedelta(days=1)).month
        day = local.day in days or ("L" in self.fields[2].split(",") and tomorrow_month != local.month)
        week = weekday in weekdays or weekday in {number % 7 for number in weekdays}
        for term in self.fields[4].split(","):
            if term == f"{weekday}L":
                week = week or (local + timedelta(days=7)).month != local.month
            if term == f"{weekday}#{(local.day - 1) // 7 + 1}":
                week = True
        if self.fields[2].startswith("*") or self.fields[4].startswith("*"):
            return day and week
        return day or week

    def due(self, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
        """The instants from `start` to `end`, aware in UTC; no clock change may end in the hours before `start`.

        A fixed time is due when the local clock first reaches or passes it; all that one step of the clock passes are due
        together. Any other is due whenever the clock shows it.
        """
        found = []
        instant = start
        reached = instant.astimezone(zone).replace(tzinfo=None) - MINUTE
        while instant <= end:
            local = instant.astimezone(zone).replace(tzinfo=None)
            if not self.fixed:
                due = self.matches(local)
            else:
                due = False
                while reached < local:
                    reached += MINUTE
                    due = self.matches(reached) or due
            if due:
                found.append(instant.astimezone(UTC))
            instant += MINUTE
        return found


def changes(zone: ZoneInfo, first: int, last: int, step: timedelta) -> list[datetime]:
    """The instants, in UTC and from year `first` through `last`, from which the clocks of `zone` are ahead by another time."""
    found = []
    low, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    offset = low.astimezone(zone).utcoffset()
    while low < end:
        high = low + step
        if high.astimezone(zone).utcoffset() != offset:
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            found.append(high)
            offset = high.astimezone(zone).utcoffset()
        low = high
    return found
