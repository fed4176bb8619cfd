"""LocalClock: what the clocks of a zone show, and what becomes of times that they skip or show twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ClockChange = Literal["gap", "overlap"]
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # local times carry no zone here
_SECOND = timedelta(seconds=1)
# The offsets of no zone in the tz database change and change back within six days (test_clock_changes.py looks).
_STRIDE = 3 * 86_400


@dataclass(frozen=True, slots=True)
class LocalClock:
    """The clocks of one zone. Instants are whole seconds since 1970 in UTC, local times are datetimes without a zone."""

    zone: ZoneInfo

    def offset(self, instant: int) -> int:
        """The seconds that local time is ahead of UTC at `instant`."""
        offset = datetime.fromtimestamp(instant, self.zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def shows(self, instant: int) -> datetime:
        """The local time at `instant`."""
        return datetime.fromtimestamp(instant, self.zone).replace(tzinfo=None, fold=0)

    def instant(self, local: datetime) -> int:
        """When a local time is due: the first instant that shows it, or the end of the gap that skips it."""
        earlier = self._with_fold(local, 0)
        if self.shows(earlier) == local:
            return earlier
        # PEP 495: of a skipped time, fold 0 has the offset before the gap and so comes after it, and fold 1 the reverse.
        change = self.next_change(self._with_fold(local, 1), earlier)
        return earlier if change is None else change

    def next_change(self, after: int, until: int) -> int | None:
        """The first instant after `after` and not after `until` with another offset than at `after`; None: there is none."""
        offset, low = self.offset(after), after
        while low < until:
            high = min(low + _STRIDE, until)
            if self.offset(high) != offset:
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self.offset(middle) == offset else (low, middle)
                return high
            low = high
        return None

    def skipped_before(self, instant: int) -> int:
        """The length in seconds of the gap in local time that ends at `instant`; 0: none does."""
        return max(0, self.offset(instant) - self.offset(instant - 1))

    def change_at(self, instant: int) -> ClockChange | None:
        """`gap`: a gap in local time ends here; `overlap`: the local time at `instant` exists twice; else None."""
        local = self.shows(instant)
        first, second = self._with_fold(local, 0), self._with_fold(local, 1)
        if first < second:
            return "overlap"
        return "gap" if self.skipped_before(instant) else None

    def _with_fold(self, local: datetime, fold: int) -> int:
        offset = local.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta()
        return (local - _EPOCH - offset) // _SECOND
