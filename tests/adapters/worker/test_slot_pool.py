"""The pool of slots: how much it asks for, and that it loses count of nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import Discard, JobContext, Retry, job_handler
from hexjobs.adapters.worker import settler
from hexjobs.container import Container
from hexjobs.domain.errors import ServerUnavailable
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.run import run
from support.until import until
from support.worker_harness import container_with, handler_module, working


class Queue:
    """The container's own queue with a tap at each end; notes how many jobs were asked for."""

    def __init__(self, container: Container) -> None:
        self._queue = container.access.queue()
        self.asked: list[int] = []
        self.may_settle = asyncio.Event()
        self.may_settle.set()
        self.failures: list[Exception] = []

    async def dequeue(self, subscription: Subscription, limit: int, wait: timedelta) -> list[Delivery]:
        """Noted."""
        self.asked.append(limit)
        found: list[Delivery] = await self._queue.dequeue(subscription, limit, timedelta())
        return found

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Fail, or wait until it may go through."""
        await self.may_settle.wait()
        if self.failures:
            raise self.failures.pop(0)
        answers: list[bool] = await self._queue.settle(settlements)
        return answers


@job_handler("short")
async def short(context: JobContext, payload: dict[str, Any]) -> None:
    """Nothing."""


def tapped(handlers: str, slots: int) -> tuple[Container, Queue]:
    """A container whose worker sees the queue through the taps; no worker runs."""
    container = container_with(handlers, worker_pool={"worker_count": slots})
    queue = Queue(container)
    container.progress().attach()
    tap: Any = queue
    container.pool()._settler._queue = tap
    container.fetch().queue = tap
    return container, queue


async def submit(container: Container, count: int) -> None:
    """So many short jobs."""
    await container.access.use_cases().submit.many([(short, {})] * count)


def test_a_delivery_whose_slot_was_taken_away_on_its_way_runs_all_the_same() -> None:
    """In a slot beyond the number, which goes with it: no job is held that nobody runs."""

    async def scenario(handlers: str) -> None:
        container, queue = tapped(handlers, slots=3)
        pool, dequeue = container.pool(), queue.dequeue

        async def meanwhile(subscription: Subscription, limit: int, wait: timedelta) -> list[Delivery]:
            found = await dequeue(subscription, limit, wait)
            assert pool.remove_workers(2) == 1
            return found

        queue.dequeue = meanwhile  # type: ignore[method-assign]  # to be in between
        await submit(container, 3)
        await container.fetch().step()
        assert (pool.busy, pool.room) == (3, -2)
        await pool.wait_until_idle()
        assert pool.statistics().succeeded == 3
        assert (pool.free, len(pool.slots()), pool.room) == (1, 1, 1)

    with handler_module(short) as handlers:
        run(scenario(handlers))


def test_an_outcome_on_its_way_makes_room() -> None:
    """The next jobs are asked for with it; and no more than that, however long its answer takes."""

    async def scenario(handlers: str) -> None:
        container, queue = tapped(handlers, slots=2)
        pool, fetch = container.pool(), container.fetch()
        await submit(container, 6)
        queue.may_settle.clear()
        await fetch.step()
        assert (pool.room, pool.busy) == (0, 2)
        await asyncio.wait_for(pool.wait_for_room(), 5)
        await fetch.step()
        assert queue.asked == [2, 2]
        await until(lambda: len(pool._settler._waiting) == 2)
        assert (pool.room, pool.busy) == (0, 4), "two in the batch that waits, two behind it"
        queue.may_settle.set()
        await pool.wait_until_idle()
        assert (pool.room, pool.free, len(pool.slots())) == (2, 2, 2)

    with handler_module(short) as handlers:
        run(scenario(handlers))


@pytest.mark.parametrize("error", [ServerUnavailable("away"), RuntimeError("a script failed")])
def test_an_outcome_that_could_not_be_recorded_keeps_its_slot(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that hands out and takes nothing back would fill the worker without end."""
    monkeypatch.setattr(settler, "FIRST_PAUSE_SECONDS", 0.05)

    async def scenario(handlers: str) -> None:
        container, queue = tapped(handlers, slots=1)
        pool = container.pool()
        await submit(container, 1)
        queue.failures = [error, ServerUnavailable("still")]
        await container.fetch().step()
        await until(lambda: len(queue.failures) < 2)
        assert (pool.room, pool.busy, pool.free) == (0, 1, 0)
        await pool.wait_until_idle()
        assert (pool.room, pool.statistics().succeeded) == (1, 1)

    with handler_module(short) as handlers:
        run(scenario(handlers))


def test_a_large_pool_asks_for_half_at_a_time() -> None:
    """The other half is handed out while the first one runs; a small pool asks for all."""

    async def scenario(handlers: str) -> None:
        for slots, asked in ((31, [31]), (100, [50, 50])):
            container, queue = tapped(handlers, slots)
            await submit(container, slots)
            while container.pool().room > 0:
                await container.fetch().step()
            assert queue.asked == asked
            await container.pool().wait_until_idle()

    with handler_module(short) as handlers:
        run(scenario(handlers))


def test_few_jobs_begin_before_the_next_question_is_asked() -> None:
    """Who submits to an idle worker waits for no work of the worker's own."""
    began: list[int] = []

    @job_handler("begins")
    async def begins(context: JobContext, payload: dict[str, Any]) -> None:
        began.append(1)

    async def scenario(handlers: str) -> None:
        container, _ = tapped(handlers, slots=5)
        await container.access.use_cases().submit.one(begins, {})
        await container.fetch().step()
        assert began == [1]
        await container.pool().wait_until_idle()

    with handler_module(begins) as handlers:
        run(scenario(handlers))


def test_no_run_is_lost_count_of_in_a_burst() -> None:
    """Statistics, slots and metrics agree after five hundred jobs of all ends, on the loop and in threads."""
    ends: dict[str, Any] = {"done": None, "discarded": Discard("not needed"), "failed": Retry("no")}

    @job_handler("on_loop", max_retries=0)
    async def on_loop(context: JobContext, payload: dict[str, Any]) -> Any:
        return ends[payload["end"]]

    @job_handler("in_thread", max_retries=0)
    def in_thread(context: JobContext, payload: dict[str, Any]) -> Any:
        return ends[payload["end"]]

    wanted = ["done"] * 15 + ["discarded"] * 7 + ["failed"] * 3

    async def scenario() -> None:
        async with working(on_loop, in_thread, worker_pool={"worker_count": 100}) as (jobs, worker):
            many = [(handler, {"end": end}) for handler in (on_loop, in_thread) for end in wanted * 10]
            await jobs.submit_jobs(many)
            await until(lambda: worker.pool.statistics().processed == 500)
            await worker.pool.wait_until_idle()
            found = worker.pool.statistics()
            assert (found.succeeded, found.cancelled, found.failed, found.refused) == (300, 140, 60, 0)
            assert (found.slots, found.busy, worker.pool.free, worker.pool.room) == (100, 0, 100, 50)
            assert sum(slot.jobs_run for slot in worker.pool.slots()) == 500
            figures = jobs.container.metrics().figures()
        counted: Counter[tuple[str, ...]] = Counter()
        for (_, name, _, values), value in figures:
            counted[(name, *values)] += sum(value[:-1]) if isinstance(value, list) else value
        for job_type in ("on_loop", "in_thread"):
            for status, count in (("completed", 150), ("cancelled", 70), ("failed", 30)):
                assert counted["processed_total", job_type, status] == count
            assert counted["wait_seconds", job_type] == counted["duration_seconds", job_type] == 250
        assert counted["active_workers",] == 0
        assert counted["worker_slots",] == 100

    run(scenario())
