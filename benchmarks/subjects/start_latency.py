"""From submit to the handler's first line on an idle worker, in turns with a bare push to a blocked pop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import redis.asyncio

from ..marks import Marks
from ..noop_jobs import mark
from ..rounds import Figures, every_round
from ..server import HOST, valkey
from ..services import service
from ..sizes import Sizes
from ..stopwatch import percentile
from ..worker_process import hexjobs_worker
from .bare import popper
from .drain import START_SECONDS

TURN = 20
PAUSE_SECONDS = 0.005


async def waits(marks: Marks, count: int, submit: Callable[[str], Awaitable[object]]) -> list[float]:
    """Milliseconds from before each submit to its mark; between them the other side is idle again."""
    found = []
    for number in range(count):
        await asyncio.sleep(PAUSE_SECONDS)
        begin = time.monotonic_ns()
        await submit(str(number))
        found.append((marks.wait(str(number), START_SECONDS).at - begin) / 1e6)
    return found


@every_round
async def start_latency(sizes: Sizes) -> Figures:
    """Three processes: who submits or pushes, the worker, who pops."""
    with valkey() as server, Marks() as marks, hexjobs_worker(server, 5), popper(server):
        client = redis.asyncio.Redis(host=HOST, port=server.port)
        async with service(server) as jobs, client:

            async def push(what: str) -> None:
                await client.lpush("mailbox", json.dumps(marks.payload(what)))

            async def submit(what: str) -> None:
                await jobs.submit_job(mark, marks.payload(what))

            await waits(marks, 3, push)
            await waits(marks, 3, submit)
            bare, ours = [], []
            for _ in range(max(1, sizes.latencies // TURN)):
                bare += await waits(marks, TURN, push)
                ours += await waits(marks, TURN, submit)
            return {
                "bare.start_p50": percentile(bare, 50),
                "bare.start_p99": percentile(bare, 99),
                "start.p50": percentile(ours, 50),
                "start.p99": percentile(ours, 99),
            }
