"""KeyspaceStage: every key once: jobs, and what belongs to jobs and workers."""

from __future__ import annotations

from collections.abc import Sequence

from .inspection import Inspection
from .lists import ListStage
from .pages import PAGE

# The keys under `schedules` that tell of none.
WITHOUT_SCHEDULES = (b"bell", b"revision")
LEFTOVERS = ("unique", "effects", "mailbox", "idle", "waiters")


class KeyspaceStage:
    """Goes over all keys.

    `missing` are the jobs that were not seen in the list where they must be, with what `check_jobs.lua` said of them;
    `workers` those that have a processing hash, `dead` the queues that have dead letters, `schedules` those of which
    anything is kept. What came while it went on need not be seen: it is for the next check.
    """

    def __init__(self, inspection: Inspection, lists: ListStage) -> None:
        self._inspection = inspection
        self._lists = lists
        self.missing: dict[bytes, int] = {}
        self.workers: set[str] = set()
        self.dead: set[str] = set()
        self.schedules: set[str] = set()
        self.has_delayed = False
        self.has_schedules = False
        self.highest_fence = 0

    async def run(self) -> None:
        """Check all keys."""
        cut = len(self._inspection.keys.prefix) + 1
        async for keys in self._inspection.scan("*"):
            sorted_out: dict[str, list[bytes]] = {"data": [], "state": [], **{name: [] for name in LEFTOVERS}}
            for key in keys:
                word, _, name = key[cut:].partition(b":")
                kind = word.decode()
                if kind in sorted_out:
                    sorted_out[kind].append(name)
                elif kind == "processing":
                    self.workers.add(name.decode())
                elif kind == "failed":
                    self.dead.add(name.decode())
                elif kind == "delayed":
                    self.has_delayed = True
                elif kind == "schedules" and name not in WITHOUT_SCHEDULES:
                    self.has_schedules = True
                    if b":" in name:
                        self.schedules.add(name.decode().partition(":")[2])
            await self._check_jobs(sorted_out.pop("state"), sorted_out.pop("data"))
            await self._check_leftovers(sorted_out)

    async def _check_jobs(self, states: Sequence[bytes], data: Sequence[bytes]) -> None:
        self._inspection.findings.looked_at["jobs"] += len(data)
        for number_of_states, ids in (
            *((len(part), part) for part in _parts(states)),
            *((0, part) for part in _parts(data)),
        ):
            highest, *answers = await self._inspection.run("check_jobs", number_of_states, *ids)
            self.highest_fence = max(self.highest_fence, int(highest))
            for job_id, kind in zip(ids, answers, strict=True):
                if kind and self._lists.lacks(kind, job_id):
                    self.missing[job_id] = kind

    async def _check_leftovers(self, sorted_out: dict[str, list[bytes]]) -> None:
        flat: list[str | bytes] = []
        for kind, names in sorted_out.items():
            for name in names:
                flat += (kind, name)
        if flat:
            await self._inspection.run("check_leftovers", *flat)


def _parts(ids: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [ids[first : first + PAGE] for first in range(0, len(ids), PAGE)]
