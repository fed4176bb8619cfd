"""Exclusions: which instants a schedule leaves out, and for how long."""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.recurrence.exclusion import Exclusion
from ...domain.recurrence.local_clock import LocalClock
from .cron_times import CronTimes

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


class Exclusions:
    """The exclusions of one recurrence, on the clocks of its zone."""

    def __init__(self, texts: Iterable[str], clock: LocalClock) -> None:
        exclusions = [Exclusion(text) for text in texts]
        self._clock = clock
        self._dates = frozenset(exclusion.date for exclusion in exclusions if exclusion.date)
        self._times = [CronTimes(item.expression, clock) for item in exclusions if item.expression]

    def until(self, instant: int) -> int | None:
        """An instant up to which, not including it, all from `instant` on are excluded; None: `instant` is not.

        Instants are whole seconds since 1970 in UTC. It is not always the end of the exclusion: ask again from there.
        """
        if not self._dates and not self._times:
            return None
        local = self._clock.shows(instant)
        spans = [_DAY] if local.date() in self._dates else []
        spans += [_span(times) for times in self._times if times.matches(local)]
        if not spans:
            return None
        for span in (_DAY, _HOUR, _MINUTE):
            end = instant + span - (local.hour * _HOUR + local.minute * _MINUTE + local.second) % span
            # Across a change of the clock an hour may not end where it seems to.
            if span <= max(spans) and self._clock.offset(end) == self._clock.offset(instant):
                return end
        return instant + 1


def _span(times: CronTimes) -> int:
    """How long an expression goes on matching, in seconds from the start of its day, hour, minute or second."""
    second, minute, hour = times.expression.fields[:3]
    if times.expression.has_seconds and second != "*":
        return 1
    if minute != "*":
        return _MINUTE
    return _DAY if hour == "*" else _HOUR
