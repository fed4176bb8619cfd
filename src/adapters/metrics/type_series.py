"""TypeSeries: what this process counted and measured for one job type."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.status import JobStatus
from .histogram import Histogram
from .label_limit import OTHER
from .metric_spec import DEAD_LETTERS, DURATION, PROCESSED, RETRIES, TIMEOUTS, WAIT, MetricSpec, Row

MAX_WORDS = 32
"""How many statuses and reasons one type may have; both are stable words, the limit only guards."""


class TypeSeries:
    """What this process counted and measured for one job type. Not locked: the owner sees to that."""

    __slots__ = ("dead", "durations", "job_type", "processed", "retries", "timeouts", "waits")

    def __init__(self, job_type: str) -> None:
        self.job_type = job_type
        # A counter that is first seen at 1 has no rate for its first step: the usual ends start at zero.
        self.processed: dict[str, int] = {JobStatus.COMPLETED: 0, JobStatus.FAILED: 0, JobStatus.RETRYING: 0}
        self.dead: dict[str, int] = {}
        self.retries = 0
        self.timeouts = 0
        self.durations = Histogram()
        self.waits = Histogram()

    def rows(self) -> Iterator[tuple[MetricSpec, Row]]:
        """Each series with its present value; a histogram without values is left out."""
        job_type = self.job_type
        for status, count in self.processed.items():
            yield PROCESSED, ((job_type, status), count)
        for reason, count in self.dead.items():
            yield DEAD_LETTERS, ((job_type, reason), count)
        yield RETRIES, ((job_type,), self.retries)
        yield TIMEOUTS, ((job_type,), self.timeouts)
        for spec, histogram in ((DURATION, self.durations), (WAIT, self.waits)):
            if any(histogram.counts):
                yield spec, ((job_type,), histogram.copy())


def count_word(counts: dict[str, int], word: str, more: int = 1) -> None:
    """Add to the count of a word, or of `other` when there are too many words already."""
    if word not in counts and len(counts) >= MAX_WORDS:
        word = OTHER
    counts[word] = counts.get(word, 0) + more
