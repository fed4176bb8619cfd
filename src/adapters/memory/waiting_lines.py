"""WaitingLines: the pending jobs, one line for each queue and level."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice, takewhile

from ...domain.priority import HIGHEST_FIRST, JobPriority
from .record import JobRecord

Line = OrderedDict[str, JobRecord]


class WaitingLines:
    """The pending jobs in their order; each act takes the same time however long a line is."""

    def __init__(self) -> None:
        self._queues: dict[str, dict[JobPriority, Line]] = {}

    def put(self, record: JobRecord, *, at_head: bool = False) -> None:
        """Let a job wait at the tail of its level, or at the head."""
        levels = self._queues.setdefault(record.queue, {})
        line = levels.setdefault(record.priority, OrderedDict())
        line[record.job_id] = record
        if at_head:
            line.move_to_end(record.job_id, last=False)

    def remove(self, record: JobRecord) -> None:
        """Take a waiting job out of its line."""
        levels = self._queues[record.queue]
        line = levels[record.priority]
        del line[record.job_id]
        if not line:
            del levels[record.priority]
        if not levels:
            del self._queues[record.queue]

    def ids(self) -> list[str]:
        """The ids in all lines."""
        return [job_id for levels in self._queues.values() for line in levels.values() for job_id in line]

    def keep(self, job_ids: set[str]) -> None:
        """Take all others out, and second entries of these."""
        seen: set[str] = set()
        for queue, levels in list(self._queues.items()):
            for level, line in list(levels.items()):
                kept = {job_id: job for job_id, job in line.items() if job_id in job_ids - seen}
                seen.update(kept)
                levels[level] = OrderedDict(kept)
            self._queues[queue] = {level: line for level, line in levels.items() if line}
        self._queues = {queue: levels for queue, levels in self._queues.items() if levels}

    def has(self, queue: str) -> bool:
        """Whether a job waits in the queue."""
        return queue in self._queues

    def first(self, queue: str) -> JobRecord:
        """The next job of a queue in which one waits: the oldest of the highest level."""
        levels = self._queues[queue]
        line = next(levels[level] for level in HIGHEST_FIRST if level in levels)
        return next(iter(line.values()))

    def ahead(self, record: JobRecord, most: int) -> int:
        """How many go before a waiting job; the line is looked through only as far as `most`."""
        levels = self._queues[record.queue]
        higher = sum(len(line) for level, line in levels.items() if level > record.priority)
        line = islice(levels[record.priority], max(0, most - higher))
        return higher + sum(1 for _ in takewhile(lambda job_id: job_id != record.job_id, line))

    def sizes(self, queue: str) -> dict[str, int]:
        """How many wait in each level, by its word, the highest first."""
        levels = self._queues.get(queue, {})
        return {level.word: len(levels.get(level, ())) for level in HIGHEST_FIRST}

    def oldest(self, queue: str) -> int | None:
        """Since when the longest waiting job of the queue has waited; None when none waits."""
        heads = [next(iter(line.values())) for line in self._queues.get(queue, {}).values()]
        return min((head.waiting_since for head in heads), default=None)
