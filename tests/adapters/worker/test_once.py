"""context.once over a store: a run that dies after its effect, and one that lost its lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from hexjobs import AsyncBackgroundJobService, job_handler
from hexjobs.application.run import Run
from hexjobs.container import Container
from hexjobs.domain.errors import LeaseLost
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.run import run
from support.valkey_process import ValkeyProcess
from support.worker_harness import container_with, handler_module

NO_WAIT = timedelta(0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for this module."""
    with ValkeyProcess(tmp_path_factory.mktemp("valkey"), durable=False) as process:
        yield process.url


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of each store."""
    if request.param == "memory":
        return {"provider": "memory"}
    addr = request.getfixturevalue("server")
    return {"provider": "redis", "redis": {"addr": addr, "key_prefix": uuid4().hex}}


class Worker:
    """A worker by hand: takes a job, runs it, and says so, or not."""

    def __init__(self, container: Container, worker_id: str) -> None:
        self.container = container
        self.executor = container.executor()
        self.queue = container.access.queue()
        self.subscription = Subscription(worker_id, {"default": 1})

    async def take(self) -> Delivery:
        """The job that waits."""
        deliveries: list[Delivery] = await self.queue.dequeue(self.subscription, 1, NO_WAIT)
        return deliveries[0]

    async def run(self, delivery: Delivery) -> Settlement:
        """Run it; nobody has heard of its end yet."""
        prepared = self.executor.prepare(delivery)
        assert isinstance(prepared, Run)
        settlement = await self.executor.execute(prepared)
        assert settlement is not None
        return settlement

    async def die(self) -> None:
        """Its jobs are taken over."""
        recovered = await self.container.access.leases().take_over(self.subscription.worker_id, None)
        assert recovered is not None
        assert len(recovered) == 1


@asynccontextmanager
async def workers(
    declared: Any, store: dict[str, Any]
) -> AsyncIterator[tuple[AsyncBackgroundJobService, Worker, Worker]]:
    """A service and two workers by hand."""
    with handler_module(declared) as name:
        container = container_with(name, **store)
        service = AsyncBackgroundJobService(container)
        try:
            yield service, Worker(container, "first"), Worker(container, "second")
        finally:
            container.caller().close()
            await service.close()


def order_handlers(charged: list[int]) -> list[Any]:
    """An `async def` and a `def` handler that charge once."""

    @job_handler("order")
    async def coroutine(context: Any, payload: dict[str, Any]) -> Any:
        async def charge() -> dict[str, Any]:
            charged.append(context.attempt)
            return {"id": "ch_1"}

        return await context.once("charge", charge)

    @job_handler("order")
    def function(context: Any, payload: dict[str, Any]) -> Any:
        def charge() -> dict[str, Any]:
            charged.append(context.attempt)
            return {"id": "ch_1"}

        return context.once("charge", charge)

    return [coroutine, function]


@pytest.mark.parametrize("kind", [0, 1], ids=["async", "def"])
def test_a_run_after_a_crash_does_not_repeat_the_effect(kind: int, store: dict[str, Any]) -> None:
    """The worker died between the effect and the word of it: the second run gets the recorded result."""
    charged: list[int] = []

    async def scenario() -> Any:
        async with workers(order_handlers(charged)[kind], store) as (service, first, second):
            job_id = await service.submit_job("order", {})
            await first.run(await first.take())
            assert charged == [1]
            await first.die()
            settlement = await second.run(await second.take())
            assert await second.queue.settle([settlement]) == [True]
            return await service.result(job_id)

    assert run(scenario()) == {"id": "ch_1"}
    assert charged == [1]


@pytest.mark.parametrize("kind", [0, 1], ids=["async", "def"])
def test_a_retried_job_does_not_repeat_the_effect(kind: int, store: dict[str, Any]) -> None:
    """The ledger lives as long as the job: `retry_job` keeps it."""
    charged: list[int] = []

    async def scenario() -> None:
        async with workers(order_handlers(charged)[kind], store) as (service, first, second):
            job_id = await service.submit_job("order", {})
            delivery = await first.take()
            await first.run(delivery)
            await first.queue.settle([first.executor.verdict.dead(delivery, None, "by_hand", "boom")])
            await service.retry_job(job_id)
            await second.queue.settle([await second.run(await second.take())])
            assert await service.result(job_id) == {"id": "ch_1"}

    run(scenario())
    assert charged == [1]


def test_overlapping_runs_record_one_effect(store: dict[str, Any]) -> None:
    """It is no lock: both effects happen, one is recorded, and the run that lost its lease hears of it."""
    charged: list[str] = []
    raised: list[BaseException] = []

    @job_handler("order")
    async def order(context: Any, payload: dict[str, Any]) -> Any:
        async def charge() -> str:
            charged.append(f"charge {len(charged)}")
            mine = charged[-1]
            if len(charged) == 1:
                began.set()
                await others_done.wait()
            return mine

        try:
            return await context.once("charge", charge)
        except LeaseLost as error:
            raised.append(error)
            raise

    began, others_done = asyncio.Event(), asyncio.Event()

    async def scenario() -> None:
        async with workers(order, store) as (service, first, second):
            job_id = await service.submit_job("order", {})
            late = asyncio.ensure_future(first.run(await first.take()))
            await began.wait()
            await first.die()
            settlement = await second.run(await second.take())
            others_done.set()
            assert await first.queue.settle([await late, settlement]) == [False, True]
            assert await service.result(job_id) == "charge 1"

    with capture_logs() as logs:
        run(scenario())
    assert charged == ["charge 0", "charge 1"]
    assert "has happened" in str(raised[0])
    assert [line["effect"] for line in logs if line["event"] == "effect_refused"] == ["charge"]


def test_a_run_that_lost_its_lease_runs_no_further_effect(store: dict[str, Any]) -> None:
    """The look-up tells, before the effect."""
    charged: list[int] = []

    async def scenario() -> None:
        async with workers(order_handlers(charged)[0], store) as (service, first, second):
            await service.submit_job("order", {})
            stale = await first.take()
            await first.die()
            await second.take()
            settlement = await first.run(stale)
            assert "the effect 'charge' was not run" in (settlement.error or "")
            assert await first.queue.settle([settlement]) == [False]

    run(scenario())
    assert charged == []
