"""Submits: one by one, by many at once, and in bulk, in turns with the bare client on the same server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from hexjobs import AsyncBackgroundJobService, BackgroundJobService

from ..noop_jobs import PAYLOAD, noop
from ..processors import servers_apart
from ..rounds import Figures, every_round
from ..server import valkey
from ..services import blocking_service, service
from ..sizes import Sizes
from ..stopwatch import rates
from .bare import BarePushes

SUBMITTERS = 50
TURNS_OF_FEW = 25
"""Of those that are awaited one after the other: they are so short that a moment in which the machine is slow is one of each."""


class Submits:
    """The ways to submit, each `count` jobs."""

    def __init__(self, jobs: AsyncBackgroundJobService, blocking_jobs: BackgroundJobService | None) -> None:
        self._jobs, self._blocking_jobs = jobs, blocking_jobs

    async def one_by_one(self, count: int) -> None:
        """One awaited after the other."""
        for _ in range(count):
            await self._jobs.submit_job(noop, PAYLOAD)

    async def blocking(self, count: int) -> None:
        """One after the other, in a thread that blocks."""
        await asyncio.to_thread(self._submit, count)

    async def by_tasks(self, count: int) -> None:
        """By 50 tasks on one service."""
        each = max(1, count // SUBMITTERS)
        await asyncio.gather(*(self.one_by_one(each) for _ in range(SUBMITTERS)))

    async def by_threads(self, count: int) -> None:
        """By 50 threads on one service."""
        each = max(1, count // SUBMITTERS)

        def submit() -> None:
            with ThreadPoolExecutor(SUBMITTERS) as threads:
                for ended in [threads.submit(self._submit, each) for _ in range(SUBMITTERS)]:
                    ended.result()

        await asyncio.to_thread(submit)

    async def in_bulk(self, count: int) -> None:
        """A thousand in each `submit_jobs`."""
        for _ in range(max(1, count // 1000)):
            await self._jobs.submit_jobs([(noop, PAYLOAD)] * 1000)

    def _submit(self, count: int) -> None:
        assert self._blocking_jobs is not None
        for _ in range(count):
            self._blocking_jobs.submit_job(noop, PAYLOAD)


@every_round
async def submit(sizes: Sizes) -> Figures:
    """Submits a second in every way, and the bare client's pushes."""
    few, many = sizes.submits, sizes.jobs
    with valkey() as server, servers_apart() as place:
        place(server)
        async with (
            BarePushes(server) as bare,
            blocking_service(server) as blocking_jobs,
            service(server) as jobs,
        ):
            submits = Submits(jobs, blocking_jobs)
            for warm_up in (submits.one_by_one, submits.blocking, bare.one_by_one, bare.blocking):
                await warm_up(10)
            one_by_one = await rates(
                {
                    "bare.async": (few, bare.one_by_one),
                    "submit.async": (few, submits.one_by_one),
                    "bare.blocking": (few, bare.blocking),
                    "submit.blocking": (few, submits.blocking),
                },
                turns=TURNS_OF_FEW,
            )
            return one_by_one | await rates(
                {
                    "submit.tasks": (many, submits.by_tasks),
                    # As many as the tasks do: each part starts its threads anew, and of few submits that is a good share.
                    "submit.threads": (many, submits.by_threads),
                    "bare.pipelines": (many, bare.pipelines),
                    "submit.bulk": (many, submits.in_bulk),
                }
            )
