"""The probe of a half-open circuit: one, however many workers there are, and never one for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from hexjobs import AsyncBackgroundJobService, JobStatus, job_handler
from hexjobs.container import Container
from hexjobs.ports.circuits import CircuitRules, CircuitState, Passage
from hexjobs.settings import load_settings
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import handler_module

PASSING = CircuitRules(failures=1, open_for=timedelta(milliseconds=1))


@asynccontextmanager
async def worker(
    handlers: str, circuit: dict[str, Any], **jobs: Any
) -> AsyncIterator[tuple[AsyncBackgroundJobService, Container]]:
    """A service and a running worker, under these rules of the circuit."""
    settings = {
        "jobs": {"provider": "memory", "handlers": [handlers], **jobs},
        "circuits": {"stripe": circuit},
    }
    container = Container(settings=load_settings(None, environ={}, overrides=settings))
    service = AsyncBackgroundJobService(container)
    container.progress().attach()
    await container.worker().start()
    try:
        yield service, container
    finally:
        await container.worker().stop()
        container.caller().close()
        await service.close()


async def in_state(container: Container, state: CircuitState) -> bool:
    """Whether the circuit is in this state."""
    return bool(await container.access.circuits().states(["stripe"]) == [state])


def answers_of(container: Container) -> list[Passage]:
    """What this worker's runs are told from here on."""
    told: list[Passage] = []
    circuits = container.access.circuits()
    enter = circuits.enter

    async def listening(*asked: Any) -> Passage:
        told.append(await enter(*asked))
        return told[-1]

    circuits.enter = listening
    return told


def test_five_workers_let_one_probe_through(tmp_path: Path) -> None:
    """While it runs, each of the others is told to wait; when it succeeds, all go on."""
    running: list[str] = []

    @job_handler("charge", circuit="stripe", retry_delay="1ms")
    async def charge(context: Any, payload: dict[str, Any]) -> None:
        running.append(context.job_id)
        if len(running) == 1:
            raise ConnectionError("away")
        await released.wait()

    released = asyncio.Event()

    async def scenario(addr: str) -> None:
        circuit = {"failures": 1, "open_for": "100ms"}
        redis = {"provider": "redis", "redis": {"addr": addr}}
        async with AsyncExitStack() as stack:
            name = stack.enter_context(handler_module(charge))
            workers = [await stack.enter_async_context(worker(name, circuit, **redis)) for _ in range(5)]
            told = [answers_of(container) for _, container in workers]
            service = workers[0][0]
            job_ids = [await service.submit_job(charge, {})]
            await until(lambda: len(running) == 1)
            job_ids += [await service.submit_job(charge, {}) for _ in range(30)]
            half_open = Passage(CircuitState.HALF_OPEN, is_allowed=False)
            await until(lambda: all(any(p.state is half_open.state for p in each) for each in told))
            await until(lambda: sum(p.state is half_open.state for each in told for p in each) > 30)
            assert len(running) == 2, "one that failed, and one probe"
            assert sum(passage.is_probe for each in told for passage in each) == 1
            released.set()
            for job_id in job_ids:
                await service.wait_for(job_id, timedelta(seconds=10))
            assert await in_state(workers[0][1], CircuitState.CLOSED)

    with ValkeyProcess(tmp_path, durable=False) as server:
        run(scenario(server.url))
    assert len(running) == 32


def test_a_cancelled_probe_gives_way() -> None:
    """Somebody cancels it while it runs: the next job may try at once."""
    running: list[str] = []

    @job_handler("charge", circuit="stripe")
    async def charge(context: Any, payload: dict[str, Any]) -> None:
        running.append(context.job_id)
        if len(running) == 1:
            await asyncio.get_running_loop().create_future()

    async def scenario() -> None:
        with handler_module(charge) as name:
            async with worker(name, {}, worker_pool={"heartbeat": "10ms"}) as (service, container):
                await container.access.circuits().fail("stripe", PASSING, "before")
                await asyncio.sleep(0.005)  # longer than the circuit is open: nothing announces it
                first = await service.submit_job(charge, {})
                await until(lambda: running == [first])
                assert await in_state(container, CircuitState.HALF_OPEN)
                await service.cancel_job(first)
                await until(lambda: in_state(container, CircuitState.OPEN))
                second = await service.submit_job(charge, {})
                await service.wait_for(second, timedelta(seconds=10))
                assert await in_state(container, CircuitState.CLOSED)
                assert (await service.get_job(first)).status is JobStatus.CANCELLED

    run(scenario())


def test_a_timeout_counts_when_it_comes() -> None:
    """A `def` handler that does not stop keeps neither the circuit from opening nor a probe from its end."""
    released = threading.Event()
    running: list[str] = []

    @job_handler("charge", circuit="stripe", timeout="50ms", max_retries=0)
    def hang(context: Any, payload: dict[str, Any]) -> None:
        with context.uninterrupted():
            running.append(context.job_id)
            released.wait(20)

    async def scenario() -> None:
        with handler_module(hang) as name:
            async with worker(name, {"failures": 1, "open_for": "150ms"}) as (service, container):
                try:
                    await service.submit_job(hang, {})
                    await until(lambda: in_state(container, CircuitState.OPEN))
                    await service.submit_job(hang, {})
                    await until(lambda: in_state(container, CircuitState.HALF_OPEN))
                    await until(lambda: in_state(container, CircuitState.OPEN))
                    assert len(running) == 2
                finally:
                    released.set()

    run(scenario())
