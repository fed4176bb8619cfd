"""CronTimes: the instants of a cron expression in a zone, across clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from ...domain.recurrence.cron_expression import CronExpression
from ...domain.recurrence.local_clock import LocalClock

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # local times carry no zone here
_SECOND = timedelta(seconds=1)


class CronTimes:
    """The instants of `expression` on the clocks of a zone, as whole seconds since 1970 in UTC.

    cronsim counts in local time without a zone, where there are no clock changes; they are handled here. Given a zone, it
    drops or doubles times in six fields, skips minutes after gaps of half an hour, finds times in gaps, and from the second
    pass of an overlap goes back to the first (tests/unit/application/test_cron_times.py).
    """

    def __init__(self, expression: CronExpression, clock: LocalClock) -> None:
        self.expression = expression
        self._clock = clock
        self._is_fixed = expression.is_fixed
        self._has_seconds = expression.has_seconds
        try:
            # Read once; a copy with another time to start from is a search of its own.
            self._pattern: CronSim | None = CronSim(" ".join(expression.fields), _EPOCH)
        except CronSimError:  # the calendar has no such date, such as 31 February
            self._pattern = None

    def following(self, after: int) -> int | None:
        """The first instant after `after`; None: there is none within fifty years.

        A fixed time (`CronExpression.is_fixed`) is due once: at the end of the gap that skips it, at the first of two
        instants that show it. A rhythm is due whenever the local clock shows a time that matches.
        """
        return self._fixed(after) if self._is_fixed else self._shown(after)

    def matches(self, local: datetime) -> bool:
        """Whether the expression matches a local time, to the minute, or to the second where it has six fields."""
        pattern = self._pattern
        return (
            pattern is not None
            and (local.second in pattern.seconds or not self._has_seconds)
            and local.minute in pattern.minutes
            and local.hour in pattern.hours
            and local.month in pattern.months
            and pattern.match_day(local.date())
        )

    def local_times(self, after: datetime) -> Iterator[datetime]:
        """The local times after `after` that match, as if the clock never changed; it ends if fifty years have none.

        `after` is a whole second without a zone.
        """
        if self._pattern is None:
            return iter(())
        times = copy(self._pattern)
        times.dt = after
        return iter(times)

    def _fixed(self, after: int) -> int | None:
        for local in self.local_times(self._clock.shows(after)):
            instant = self._clock.instant(local)
            if instant > after:
                return instant
        return None

    def _shown(self, after: int) -> int | None:
        # Between two changes of the clock local time runs evenly. So the next match is right if no change comes before it;
        # if one does, the search goes on from there, with the local time and the offset that hold then.
        since, shown = after, self._clock.shows(after)
        while (local := next(self.local_times(shown), None)) is not None:
            instant = int((local - _EPOCH).total_seconds()) - self._clock.offset(since)
            change = self._clock.next_change(since, instant)
            if change is None:
                return instant
            since, shown = change, self._clock.shows(change) - _SECOND
        return None
