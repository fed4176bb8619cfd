"""`make bench-scripts`: what each script costs the server, in microseconds a call and a job, at several backlogs.

The server's own account (`INFO commandstats`), in which neither the client nor the network has a part; the speed of the
machine has. Every script is called as a worker or a service calls it. Prints a table and writes `benchmarks/scripts_cost.md`. From the environment:
BACKLOGS=0,10000,100000, CALLS=50 of each kind at each backlog, OUT=FOLDER.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hexjobs import AsyncBackgroundJobService
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription

from .loops import run
from .machine import about
from .noop_jobs import PAYLOAD, noop
from .processors import servers_apart
from .report import number
from .server import Server, valkey
from .services import fill, service

HERE = Path(__file__).resolve().parent
BACKLOGS = (0, 10_000, 100_000)
CALLS = 50
BATCHES = 10
WORKER = Subscription("benchmark", {"default": 1})
NOW, SOON, LATER = timedelta(0), timedelta(milliseconds=1), timedelta(hours=1)


@dataclass(slots=True)
class Costs:
    """Microseconds a call by script and kind of call; `jobs_in_call` says how many jobs such a call is about."""

    us_per_call: dict[tuple[str, str], float] = field(default_factory=dict)
    jobs_in_call: dict[tuple[str, str], int] = field(default_factory=dict)


class ScriptsCost:
    """Calls the scripts of one server in the order of jobs' lives, so that its backlog is afterwards as it was."""

    def __init__(self, server: Server, jobs: AsyncBackgroundJobService, calls: int) -> None:
        self._server, self._jobs, self._calls = server, jobs, calls
        access = jobs.container.access
        self._queue, self._store, self._leases = access.queue(), access.store(), access.leases()
        self._schedules, self._check = access.schedules(), access.store_check()
        self.costs = Costs()

    async def measure(self) -> Costs:
        """Every kind of call."""
        await self._queue.dequeue(WORKER, 0, NOW)  # joins
        for size in (1, 100, 1000):
            await self._through_the_queue(size, calls=max(min(BATCHES, self._calls), self._calls // size))
        await self._around_jobs()
        await self._late_ones()
        await self._take(
            "leave", "of a worker that has nothing", 0, lambda: self._queue.leave(WORKER), calls=1
        )
        return self.costs

    async def _through_the_queue(self, size: int, calls: int) -> None:
        """In, out, extended and settled, `size` in each call."""
        words = f"{size:,} job{'s' if size > 1 else ''}"
        enqueue = "enqueue" if size > 1 else "enqueue_one"
        deliveries: list[list[Delivery]] = []

        async def fetch() -> None:
            deliveries.append(await self._queue.dequeue(WORKER, size, NOW))

        await self._take(
            enqueue, words, size, lambda: self._jobs.submit_jobs([(noop, PAYLOAD)] * size), calls
        )
        await self._take("dequeue", words, size, fetch, calls)
        each = iter(deliveries)
        await self._take("extend", words, size, lambda: self._queue.extend(next(each)), calls)
        ended = iter(deliveries)
        await self._take(
            "settle", f"{words}, completed", size, lambda: self._queue.settle(done(next(ended))), calls
        )

    async def _late_ones(self) -> None:
        """Jobs that fail and come back, that die, that are delayed, and those of a worker that died."""
        size, calls = 100, BATCHES
        deliveries: list[list[Delivery]] = []

        async def fetch() -> None:
            deliveries.append(await self._queue.dequeue(WORKER, size, NOW))

        async def settle(event: JobEvent, delay: timedelta | None = None) -> None:
            part = deliveries.pop(0)
            await self._queue.settle(
                [Settlement(each, event, delay=delay, error="as asked") for each in part]
            )

        async def die() -> None:
            dying = Subscription(f"dying-{len(deliveries)}", WORKER.weights)
            deliveries.append(await self._queue.dequeue(dying, size, NOW))

        await fill(self._jobs, size * calls)
        for _ in range(calls):
            await fetch()
        await self._take("settle", "100 jobs, to retry", size, lambda: settle(JobEvent.ERRED, SOON), calls)
        await asyncio.sleep(0.02)
        await self._take("dequeue", "100 jobs, that many due", size, fetch, calls)
        await self._take("settle", "100 jobs, dead", size, lambda: settle(JobEvent.DIED), calls)
        await fill(self._jobs, size * calls)
        for _ in range(calls):
            await die()
        each = iter(range(calls))
        take_over = lambda: self._leases.take_over(f"dying-{next(each)}", None)  # noqa: E731  # one among others
        await self._take("take_over", "100 jobs", size, take_over, calls)
        delayed = [(noop, PAYLOAD, {"delay": LATER})] * size
        await self._take("enqueue", "100 jobs, delayed", size, lambda: self._jobs.submit_jobs(delayed), calls)

    async def _around_jobs(self) -> None:
        """What a worker's roles and people ask for."""
        calls = self._calls
        job_id = await self._jobs.submit_job(noop, PAYLOAD)
        [delivery] = await self._queue.dequeue(WORKER, 1, NOW)
        running, fence = delivery.job_id, delivery.fence
        waiting = [await self._jobs.submit_job(noop, PAYLOAD) for _ in range(calls)]
        each = iter(waiting)
        for name, what, operation in (
            ("beat", "of one worker", lambda: self._leases.beat(WORKER.worker_id)),
            ("stats", "of one queue", lambda: self._queue.stats("default")),
            ("sweep", "with nothing to remove", lambda: self._store.sweep(100_000)),
            ("get", "one job", lambda: self._store.get([job_id])),
            ("progress", "of one job", lambda: self._store.save_progress(running, fence, b"1")),
            ("record_effect", "of one job", lambda: self._store.record_effect(running, fence, "key", b"1")),
            ("effect", "of one job", lambda: self._store.effect(running, fence, "key")),
            ("workers", "all", self._leases.workers),
            ("wake", "one worker", lambda: self._queue.wake(WORKER.worker_id)),
            ("reconciler", "one worker", lambda: self._check.claim("benchmark", LATER)),
            ("schedule_look", "at none", lambda: self._schedules.look(100)),
            ("schedule_read", "with none", self._schedules.list),
            ("cancel", "a waiting job", lambda: self._jobs.cancel_job(next(each))),
        ):
            await self._take(name, what, 1, operation, calls)
        await self._queue.settle(done([delivery]))
        ended = iter(waiting)
        await self._take("retry", "a cancelled job", 1, lambda: self._jobs.retry_job(next(ended)), calls)
        for each_id in waiting:
            await self._jobs.cancel_job(each_id)

    async def _take(
        self, script: str, what: str, size: int, operation: Callable[[], Awaitable[object]], calls: int
    ) -> None:
        """The median of up to ten batches: one that the machine disturbed does not count."""
        batches = []
        for batch in range(min(BATCHES, calls)):
            before = self._server.work()
            for _ in range(batch, calls, BATCHES):
                await operation()
            work = self._server.work() - before
            batches.append(work.script_us / max(1, work.script_calls))
        self.costs.us_per_call[script, what] = statistics.median(batches)
        self.costs.jobs_in_call[script, what] = size


def done(deliveries: Sequence[Delivery]) -> list[Settlement]:
    """How deliveries end that succeed."""
    return [Settlement(each, JobEvent.SUCCEEDED, keep=LATER) for each in deliveries]


async def measure(backlogs: Sequence[int], calls: int) -> dict[int, Costs]:
    """The costs at each backlog, each on a server of its own."""
    found = {}
    for backlog in backlogs:
        with valkey() as server, servers_apart() as place:
            place(server)
            async with service(server) as jobs:
                await fill(jobs, backlog)
                found[backlog] = await ScriptsCost(server, jobs, calls).measure()
    return found


def table(found: dict[int, Costs]) -> list[str]:
    """A line of Markdown for each kind of call: a call and, where it is about several, a job, at each backlog."""
    backlogs = list(found)
    lines = [
        f"| script | call | {' | '.join(f'backlog {backlog:,}' for backlog in backlogs)} |",
        f"| --- | --- | {' | '.join('---:' for _ in backlogs)} |",
    ]
    for kind in found[backlogs[-1]].us_per_call:
        script, what = kind
        cells = []
        for backlog in backlogs:
            us, size = found[backlog].us_per_call.get(kind), found[backlog].jobs_in_call.get(kind, 1)
            per_job = f" ({number(us / size)} a job)" if us is not None and size > 1 else ""
            cells.append("" if us is None else f"{number(us)}{per_job}")
        lines.append(f"| `{script}` | {what} | {' | '.join(cells)} |")
    return lines


def main() -> int:
    """Measure, print, write; the exit code."""
    given = os.environ.get("BACKLOGS")
    backlogs = [int(each) for each in given.split(",")] if given else BACKLOGS
    calls = int(os.environ.get("CALLS", str(CALLS)))
    told = about(calls=calls)
    found = run(measure(backlogs, calls))
    head = ["# What scripts cost the server", "", "Microseconds, written by `make bench-scripts`.", ""]
    page = "\n".join([*head, *(f"- {name}: {value}" for name, value in told.items()), "", *table(found), ""])
    print(page)
    folder = Path(os.environ.get("OUT", HERE))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scripts_cost.md").write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
