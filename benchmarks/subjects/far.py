"""What jobs cost that wait for a far time: their memory, a submit beside them, and an idle worker beside them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from ..marks import Marks
from ..request_count import RequestCount
from ..rounds import Figures, every_round
from ..server import Server, valkey
from ..services import fill, reconcile_elsewhere, service
from ..sizes import Sizes
from ..stopwatch import rates
from ..worker_process import hexjobs_worker
from .idle import wait_until_it_runs
from .submit import Submits

LATER = timedelta(days=1)


@every_round
async def far(sizes: Sizes) -> Figures:
    """Two servers, one of which holds the delayed jobs."""
    count = sizes.large_backlog
    with valkey() as empty, valkey() as filled:
        async with service(empty) as jobs, service(filled) as jobs_beside:
            await fill(jobs_beside, 1, delay=LATER)
            before = filled.used_memory()
            await fill(jobs_beside, count, delay=LATER)
            figures = {"far.bytes": (filled.used_memory() - before) / count}
            here, there = Submits(jobs, None), Submits(jobs_beside, None)
            for warm_up in (here, there):
                await warm_up.one_by_one(10)
            a_second = await rates(
                {
                    "far.submit_empty": (sizes.submits, here.one_by_one),
                    "far.submit": (sizes.submits, there.one_by_one),
                }
            )
            figures |= {name: 1e6 / rate for name, rate in a_second.items()}
            await reconcile_elsewhere(jobs_beside)
        figures["far.requests"] = await requests_of_an_idle_worker(filled, sizes)
    return figures


async def requests_of_an_idle_worker(server: Server, sizes: Sizes) -> float:
    """Requests a second."""
    with Marks() as marks, hexjobs_worker(server, 5):
        await wait_until_it_runs(server, marks)
        await asyncio.sleep(sizes.settle_seconds)
        begin = time.monotonic()
        with RequestCount(server) as counter:
            await asyncio.sleep(sizes.idle_seconds)
            return counter.read() / (time.monotonic() - begin)
