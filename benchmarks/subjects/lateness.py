"""How late a job starts that is due alone, on a worker that waits for nothing else: one-time ones, then a schedule's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ..marks import Marks
from ..noop_jobs import mark, mark_id
from ..rounds import Figures, every_round
from ..server import valkey
from ..services import service
from ..sizes import Sizes
from ..stopwatch import percentile
from ..worker_process import hexjobs_worker
from .burst import monotonic_of
from .drain import START_SECONDS

GAP = timedelta(milliseconds=50)
AHEAD = timedelta(seconds=1)


@every_round
async def lateness(sizes: Sizes) -> Figures:
    """Milliseconds from the instant for which a job was submitted, or scheduled, to its handler's first line."""
    with valkey() as server, Marks() as marks, hexjobs_worker(server, 5):
        async with service(server) as jobs:
            await jobs.submit_job(mark, marks.payload("runs"))
            marks.wait("runs", START_SECONDS)
            begin = datetime.now(UTC) + AHEAD
            instants = [begin + GAP * number for number in range(sizes.alone)]
            for number, instant in enumerate(instants):
                await jobs.submit_job(mark, marks.payload(str(number)), scheduled_at=instant)
            late = await lateness_of({str(number): instant for number, instant in enumerate(instants)}, marks)
            await jobs.schedule_recurring("tick", mark_id, {"port": marks.port}, every="1s")
            seconds = max(3, sizes.alone // 5)
            coming = [each.instant for each in await jobs.coming_instants("tick", seconds)]
            ticks = {f"schedule:tick:{instant:%Y-%m-%dT%H:%M:%SZ}": instant for instant in coming}
            late_ticks = await lateness_of(ticks, marks)
    return {
        "lateness.p50": percentile(late, 50),
        "lateness.p99": percentile(late, 99),
        "lateness.schedule_p50": percentile(late_ticks, 50),
        "lateness.schedule_p99": percentile(late_ticks, 99),
    }


async def lateness_of(instants: Mapping[str, datetime], marks: Marks) -> list[float]:
    """Milliseconds from each instant to the mark about it."""
    late = []
    for what, instant in instants.items():
        started = await asyncio.to_thread(marks.wait, what, START_SECONDS)
        late.append((started.at - monotonic_of(instant)) / 1e6)
    return late
