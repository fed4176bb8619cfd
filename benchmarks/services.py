"""Services on a benchmark's server, with the shipped defaults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from hexjobs import AsyncBackgroundJobService, BackgroundJobService, JobOptions, Settings, load_settings

from .marks import Marks
from .noop_jobs import PAYLOAD, mark, noop
from .server import Server

HANDLERS = "benchmarks.noop_jobs"
PART = 1000


def overrides(server: Server, queues: Iterable[str] = ()) -> dict[str, Any]:
    """What differs from the defaults: the server, the handlers, and queues beside `default`."""
    told: dict[str, Any] = {
        "jobs": {"provider": "redis", "redis": {"addr": server.address}, "handlers": [HANDLERS]},
    }
    if queues:
        told["queues"] = {"default": {}, **{name: {} for name in queues}}
    return told


def settings(server: Server, queues: Iterable[str] = ()) -> Settings:
    """The settings of a process that submits."""
    return load_settings(None, environ={}, overrides=overrides(server, queues))


@asynccontextmanager
async def service(server: Server, queues: Iterable[str] = ()) -> AsyncIterator[AsyncBackgroundJobService]:
    """A service for tasks."""
    async with AsyncBackgroundJobService.from_config(settings(server, queues)) as jobs:
        yield jobs


@asynccontextmanager
async def blocking_service(server: Server) -> AsyncIterator[BackgroundJobService]:
    """A service for threads; it refuses to be used or closed in the loop's own."""
    jobs = BackgroundJobService.from_config(settings(server))
    try:
        yield jobs
    finally:
        await asyncio.to_thread(jobs.close)


async def submit_parts(jobs: AsyncBackgroundJobService, requests: Sequence[Any]) -> None:
    """Submit many, a thousand in each call; raises what keeps one out."""
    for first in range(0, len(requests), PART):
        for answer in await jobs.submit_jobs(requests[first : first + PART]):
            if not isinstance(answer, str):
                raise answer


async def fill(
    jobs: AsyncBackgroundJobService,
    count: int,
    handler: Any = noop,
    *,
    delay: timedelta | None = None,
    queues: Sequence[str] = (),
) -> None:
    """Submit `count` jobs, spread over the queues where they are given."""
    if not queues:
        request = (handler, PAYLOAD, JobOptions(delay=delay))
        for first in range(0, count, PART):
            await submit_parts(jobs, [request] * min(PART, count - first))
        return
    spread = [(handler, PAYLOAD, JobOptions(queue=name)) for name in queues]
    await submit_parts(jobs, [spread[number % len(spread)] for number in range(count)])


async def reconcile_elsewhere(jobs: AsyncBackgroundJobService) -> None:
    """Let workers find that another one of their fleet reconciles the store.

    A worker that starts alone would begin with a pass over all of it, in the very second that is measured. A pass comes
    once a minute, in one worker of all, and takes a twentieth of its time at most.
    """
    await jobs.container.access.store_check().claim("benchmark", timedelta(hours=1))


async def fill_between_marks(
    jobs: AsyncBackgroundJobService,
    marks: Marks,
    count: int,
    handler: Any = noop,
) -> None:
    """Submit `count` jobs between one that marks `first` and one that marks `last`.

    A tenth as many go before, so that a worker that has just started is warm when it is measured; the store is
    reconciled elsewhere.
    """
    await reconcile_elsewhere(jobs)
    await fill(jobs, count // 10, handler)
    await jobs.submit_job(mark, marks.payload("first"))
    await fill(jobs, count, handler)
    await jobs.submit_job(mark, marks.payload("last"))
