"""ListStage: the lists of waiting and of ended jobs, entry by entry; which ids they have is remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ....domain.priority import HIGHEST_FIRST
from .fingerprints import Fingerprints, fingerprint
from .inspection import Inspection
from .pages import PAGE, Part, pages

ENDED = ("completed", "cancelled")
Place = tuple[str, str, int]


class ListStage:
    """Checks the lists and remembers who is in them.

    `queues` are the queues that have a list or are ready; `stateless` the ids in a list of ended jobs that have data
    and no state, with the name of that list.
    """

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self.queues: set[str] = set()
        self.waiting = Fingerprints()
        self.ended = {name: Fingerprints() for name in ENDED}
        self.stateless: dict[bytes, str] = {}

    async def run(self) -> None:
        """Check all lists."""
        inspection = self._inspection
        async for keys in inspection.scan("queue:*"):
            self.queues |= {key.decode().split(":")[-2] for key in keys}
        ready = await inspection.execute("ZRANGE", f"{inspection.keys.prefix}:ready", 0, -1)
        self.queues |= {queue.decode() for queue in ready}
        for queue, priority in self.levels():
            async for page in self._waiting_pages(queue, priority):
                self.waiting.add(page)
                inspection.findings.looked_at["waiting"] += len(page)
        for name, seen in self.ended.items():
            async for page in self._ended_pages(name):
                seen.add(page)
        await self._check_doubles()

    def levels(self) -> list[tuple[str, str]]:
        """The queues' levels."""
        return [(queue, level.word) for queue in sorted(self.queues) for level in HIGHEST_FIRST]

    def lacks(self, kind: int, job_id: bytes) -> bool:
        """Whether a job of a kind, as `check_jobs.lua` has them, was not seen in its list."""
        seen = {2: self.ended["completed"], 3: self.ended["cancelled"]}.get(kind, self.waiting)
        return job_id not in seen

    async def _waiting_pages(self, queue: str, priority: str) -> AsyncIterator[list[bytes]]:
        async def read(skipped: int) -> Part:
            length, looked_at, *page = await self._inspection.run(
                "check_line", queue, priority, skipped, PAGE
            )
            return length, looked_at, page

        async for page in pages(read):
            yield page

    async def _ended_pages(self, name: str) -> AsyncIterator[list[bytes]]:
        async def read(skipped: int) -> Part:
            length, looked_at, stateless, *page = await self._inspection.run(
                "check_ended", name, skipped, PAGE
            )
            self.stateless |= dict.fromkeys(stateless, name)
            return length, looked_at, page

        async for page in pages(read):
            yield page

    async def _check_doubles(self) -> None:
        """Look a second time, for those ids alone that seem to be there twice; most have moved."""
        doubles: set[int] = set()
        for found in self.waiting.doubles():
            doubles |= found
            await self._inspection.pause()
        if not doubles:
            return
        places: dict[bytes, list[Place]] = {}
        for queue, priority in self.levels():
            key = self._inspection.keys.queue(queue, priority)
            last = -1
            while page := await self._inspection.execute("LRANGE", key, last - PAGE + 1, last):
                for number, job_id in enumerate(reversed(page)):
                    if fingerprint(job_id) in doubles:
                        places.setdefault(job_id, []).append((queue, priority, last - number))
                if len(page) < PAGE:
                    break
                last -= PAGE
        for job_id, found_at in places.items():
            if len(found_at) > 1:
                flat = [value for place in found_at for value in place]
                await self._inspection.run("check_twice", job_id, *flat)
