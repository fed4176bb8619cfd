"""Timetable: which job has an instant, and whose has come."""

from __future__ import annotations

import heapq
from itertools import count


class Timetable:
    """Job ids by instant (milliseconds since 1970); of equal instants the one added first goes first.

    Removed ids stay in the heap until their instant comes or they are the larger part of it.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str]] = []
        self._current: dict[str, int] = {}
        self._ticket = count()

    def add(self, job_id: str, instant: int) -> None:
        """Give the job an instant, in place of the one it had."""
        ticket = next(self._ticket)
        self._current[job_id] = ticket
        heapq.heappush(self._heap, (instant, ticket, job_id))
        if len(self._heap) > 2 * len(self._current) + 64:
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapq.heapify(self._heap)

    def remove(self, job_id: str) -> None:
        """Forget the job's instant where it has one."""
        self._current.pop(job_id, None)

    def has(self, job_id: str) -> bool:
        """Whether the job has an instant."""
        return job_id in self._current

    def ids(self) -> set[str]:
        """The jobs that have an instant."""
        return set(self._current)

    def next(self) -> int | None:
        """The earliest instant."""
        while self._heap and not self._is_current(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: int) -> list[str]:
        """Take out the jobs whose instant has come, the earliest first."""
        due = []
        while (instant := self.next()) is not None and instant <= now:
            job_id = heapq.heappop(self._heap)[2]
            del self._current[job_id]
            due.append(job_id)
        return due

    def _is_current(self, entry: tuple[int, int, str]) -> bool:
        return self._current.get(entry[2]) == entry[1]
