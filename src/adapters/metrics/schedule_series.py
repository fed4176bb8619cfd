"""ScheduleSeries: what this process counted of recurring schedules, and what the store says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...ports.schedule_entry import ScheduleEntry
from .histogram import Histogram
from .label_limit import LabelLimit
from .metric_spec import (
    SCHEDULE_FIRED,
    SCHEDULE_LAST_FIRED,
    SCHEDULE_LATE,
    SCHEDULE_MISSED,
    SCHEDULE_NEXT_DUE,
    SCHEDULE_SKIPPED,
    MetricSpec,
    Row,
)


class ScheduleSeries:
    """Counts by schedule, and the store's figures as they were last read. Names beyond the limit count as `other`.

    Not locked: the owner sees to that.
    """

    def __init__(self, names: LabelLimit) -> None:
        self._names = names
        self._late = Histogram()
        self._counts: dict[MetricSpec, dict[str, int]] = {
            SCHEDULE_FIRED: {},
            SCHEDULE_SKIPPED: {},
            SCHEDULE_MISSED: {},
        }
        self.store_wide_rows: tuple[tuple[MetricSpec, Row], ...] = ()

    def fired(self, schedule: str, late_seconds: float) -> None:
        """Count a job that it made, and how late."""
        self._add(SCHEDULE_FIRED, schedule, 1)
        self._late.observe(late_seconds)

    def skipped(self, schedule: str) -> None:
        """Count an instant that made no job because of another."""
        self._add(SCHEDULE_SKIPPED, schedule, 1)

    def missed(self, schedule: str, count: int) -> None:
        """Count instants that were found too late."""
        self._add(SCHEDULE_MISSED, schedule, count)

    def read(self, entries: Sequence[ScheduleEntry]) -> None:
        """Take over a reading. A schedule that has not fired yet, is paused or has ended lacks what it does not have."""
        rows: list[tuple[MetricSpec, Row]] = []
        # A gauge of many schedules together would say nothing: those beyond the limit have none.
        for entry in (entry for entry in entries if self._names.label(entry.name) == entry.name):
            if entry.last_fired is not None:
                rows.append((SCHEDULE_LAST_FIRED, ((entry.name,), entry.last_fired / 1000)))
            if entry.next_due is not None and not entry.paused:
                rows.append((SCHEDULE_NEXT_DUE, ((entry.name,), entry.next_due / 1000)))
        self.store_wide_rows = tuple(rows)

    def clear(self) -> None:
        """Forget the reading."""
        self.store_wide_rows = ()

    def rows(self) -> Iterator[tuple[MetricSpec, Row]]:
        """What was counted; a histogram without values is left out."""
        for spec, counts in self._counts.items():
            yield from ((spec, ((name,), count)) for name, count in counts.items())
        if any(self._late.counts):
            yield SCHEDULE_LATE, ((), self._late.copy())

    def _add(self, counted: MetricSpec, schedule: str, count: int) -> None:
        name = self._names.label(schedule)
        for spec, counts in self._counts.items():
            # A counter that is first seen at 1 has no rate for its first step: all of a schedule start at once.
            counts[name] = counts.get(name, 0) + (count if spec is counted else 0)
