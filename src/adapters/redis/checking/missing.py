"""MissingStage: jobs that were not seen in the list where they must be: most have moved, the others are put back."""

from __future__ import annotations

from dataclasses import dataclass

from ....ports.envelope import uuid7_milliseconds
from .inspection import Inspection
from .keyspace import KeyspaceStage
from .lists import ENDED, ListStage

PART = 50
WAITING = 1
LOST = 4


@dataclass(frozen=True, slots=True)
class _Missing:
    """A job that seems to be missing in a list: `mark` tells whether it has moved since; `made` in milliseconds."""

    job_id: bytes
    kind: int
    mark: bytes
    queue: str
    priority: str
    made: int

    @property
    def turn(self) -> tuple[int, float, bytes]:
        """Its place among those that are put back: waiting jobs by age; ended ones the latest first."""
        if self.kind == WAITING:
            return self.kind, self.made, self.job_id
        finished = self.mark.split(b" ")[2]
        return self.kind, -float(finished or 0), self.job_id


class MissingStage:
    """Tells which jobs are really missing, and puts those back.

    A job that is not seen in its list while the whole list is read, and that did not move meanwhile, is not in it.
    """

    def __init__(self, inspection: Inspection, lists: ListStage, keyspace: KeyspaceStage) -> None:
        self._inspection = inspection
        self._lists = lists
        self._keyspace = keyspace

    async def run(self) -> None:
        """Put back what is missing."""
        found = await self._look()
        if not found:
            return
        for name in self._lists_of(found):
            async for page in self._inspection.list_ids(name):
                for job_id in page:
                    found.pop(job_id, None)
        ordered = sorted(found.values(), key=lambda missing: missing.turn)
        for first in range(0, len(ordered), PART):
            flat: list[str | bytes | int] = []
            for each in ordered[first : first + PART]:
                flat += (each.job_id, each.kind, self._lists.stateless.get(each.job_id, ""), each.mark)
            await self._inspection.run("check_missing", "tell", *flat)

    async def _look(self) -> dict[bytes, _Missing]:
        """Those that are not near an end of their list, where jobs come and go."""
        found: dict[bytes, _Missing] = {}
        candidates = [
            (job_id, kind)
            for job_id, kind in self._keyspace.missing.items()
            if not self._inspection.findings.knows(job_id)
        ]
        for first in range(0, len(candidates), PART):
            part = candidates[first : first + PART]
            flat = [value for job_id, kind in part for value in (job_id, kind, "", "")]
            answers = await self._inspection.run("check_missing", "look", *flat)
            for (job_id, kind), answer in zip(part, answers, strict=True):
                if answer:
                    mark, queue, priority, at = answer
                    made = int(at or 0) or uuid7_milliseconds(job_id.decode()) or 0
                    found[job_id] = _Missing(job_id, kind, mark, queue.decode(), priority.decode(), made)
        return found

    def _lists_of(self, found: dict[bytes, _Missing]) -> list[str]:
        """The keys, without the prefix, of the lists where they should be."""
        places = set()
        for each in found.values():
            if each.kind == WAITING:
                places.add(f"queue:{each.queue}:{each.priority}")
            elif each.kind == LOST:
                places |= {f"queue:{queue}:{priority}" for queue, priority in self._lists.levels()}
            else:
                places.add(ENDED[each.kind - 2])
        return sorted(places)
