"""WorkerStage: every worker, and what it has."""

from __future__ import annotations

from collections.abc import Iterable

from .inspection import Inspection
from .pages import PAGE


class WorkerStage:
    """Checks workers that are listed, beat, or have a processing hash; those without a beat are taken over."""

    def __init__(self, inspection: Inspection, have_jobs: Iterable[str]) -> None:
        self._inspection = inspection
        self._have_jobs = set(have_jobs)

    async def run(self) -> None:
        """Check all workers, then the counters of running jobs."""
        keys = self._inspection.keys
        names = set(self._have_jobs)
        for key in (keys.workers, keys.beats):
            names |= {name.decode() for name in await self._inspection.execute("HKEYS", key)}
        for name in sorted(names):
            await self._check(name)
        self._inspection.findings.looked_at["workers"] = len(names)
        await self._inspection.run("check_running", *sorted(self._have_jobs))

    async def _check(self, worker_id: str) -> None:
        cursor, trouble = b"0", b""
        while True:
            cursor, looked_at, trouble = await self._inspection.run("check_worker", worker_id, cursor, PAGE)
            self._inspection.findings.looked_at["processing"] += looked_at
            if int(cursor) == 0:
                break
        if not trouble:
            return
        # '' stands for a worker without a beat: one that beats meanwhile is left alone.
        is_dead = not self._inspection.repair or await self._inspection.act("take_over", worker_id, "") != 0
        if is_dead:
            where = self._inspection.keys.processing(worker_id)
            self._inspection.findings.add(f"worker_{trouble.decode()}", "", where, worker_id)
