"""A whole process in the test's own: HTTP, worker and hooks, on a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hexjobs import (
    AsyncBackgroundJobService,
    InvalidConfiguration,
    JobContext,
    JobsDisabled,
    JobStatus,
    job_handler,
    on_start,
    on_stop,
)
from hexjobs.container import Container
from hexjobs.runtime import Duty, Runtime
from hexjobs.settings import load_settings
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import handler_module

SOON = timedelta(seconds=10)


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> str:
    """Does nothing."""
    return "done"


def settings_for(socket_path: str, handlers: str, **jobs: Any) -> Any:
    """Settings on a server, HTTP on any free port."""
    overrides = {
        "jobs": {
            "provider": "redis",
            "redis": {"addr": f"unix://{socket_path}"},
            "handlers": [handlers],
            **jobs,
        },
        "http": {"port": 0},
    }
    return load_settings(None, environ={}, overrides=overrides)


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the HTTP side of a runtime that serves as long as the block."""
    started = asyncio.Event()
    task = asyncio.create_task(runtime.serve(lambda _: started.set()))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    assert runtime.http is not None
    try:
        async with httpx.AsyncClient(base_url=runtime.http.url, trust_env=False) as client:
            yield client
    finally:
        runtime.request_stop()
        await task


def test_readiness_follows_the_server_and_liveness_does_not(tmp_path: Path) -> None:
    """SIGKILL of the server: ready turns red, live stays green; after a restart all is well again and jobs run."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        container = Container(settings=settings_for(server.socket_path, handlers))
        async with serving(Runtime(container)) as http:
            await until(lambda: _status(http, "/health/ready", 200))
            server.kill()
            await until(lambda: _status(http, "/health/ready", 503))
            assert (await http.get("/health/live")).status_code == 200
            body = (await http.get("/health/jobs")).json()
            assert (body["status"], bool(body["reasons"])) == ("error", True)
            await asyncio.to_thread(server.start)
            await until(lambda: _status(http, "/health/ready", 200))
            async with AsyncBackgroundJobService(container) as jobs:
                job = await jobs.wait_for(await jobs.submit_job(noop, {}), SOON)
            assert job.status is JobStatus.COMPLETED

    with ValkeyProcess(tmp_path) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


async def _status(http: httpx.AsyncClient, path: str, status: int) -> bool:
    return (await http.get(path)).status_code == status


def test_every_page_answers_and_metrics_count_what_ran(tmp_path: Path) -> None:
    """A job submitted elsewhere is in the enqueued count, and the worker's own series count its run."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        settings = settings_for(server.socket_path, handlers, metrics={"collection_interval": "50ms"})
        async with AsyncBackgroundJobService(Container(settings=settings)) as elsewhere:
            job_id = await elsewhere.submit_job(noop, {})
            async with serving(Runtime(Container(settings=settings))) as http:
                await elsewhere.wait_for(job_id, SOON)
                for page in ("jobs", "queues", "workers", "live", "ready"):
                    answer = await http.get(f"/health/{page}")
                    assert (answer.status_code, set(answer.json())) == (
                        200,
                        {"status", "reasons", "checks"},
                    ), page
                wanted = 'hexjobs_enqueued_total{priority="normal",queue="default",type="noop"} 1.0'

                async def is_counted() -> bool:
                    return wanted in (await http.get("/metrics")).text

                await until(is_counted)
                text = (await http.get("/metrics")).text
                assert 'hexjobs_processed_total{status="completed",type="noop"} 1.0' in text
                slots = (await http.get("/health/workers")).json()["checks"]["worker"]["details"]["slots"]
                assert len(slots) == 5
                assert sum(slot["jobs_run"] for slot in slots) == 1

    with ValkeyProcess(tmp_path) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


def test_hooks_run_around_the_worker(tmp_path: Path) -> None:
    """`@on_start` before the first job, `@on_stop` after the last, in the written order and its reverse."""
    order: list[str] = []

    @on_start
    async def opens() -> None:
        order.append("opens")

    @on_start
    def fills() -> None:
        order.append("fills")

    @on_stop
    def empties() -> None:
        order.append("empties")

    @on_stop
    async def closes() -> None:
        order.append("closes")

    @job_handler("records")
    async def records(context: JobContext, payload: dict[str, Any]) -> None:
        order.append("job")

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        container = Container(settings=settings_for(server.socket_path, handlers))
        async with AsyncBackgroundJobService(container) as jobs:
            await jobs.submit_job(records, {})
        await asyncio.wait_for(Runtime(container, burst=True).serve(), 10)

    with (
        ValkeyProcess(tmp_path) as server,
        handler_module(opens, fills, empties, closes, records) as handlers,
    ):
        run(scenario(server, handlers))
    assert order == ["opens", "fills", "job", "closes", "empties"]


def test_a_start_that_fails_stops_what_had_started(tmp_path: Path) -> None:
    """The first cause is raised, and no role is left running."""

    @on_start
    async def fails() -> None:
        raise ValueError("no database")

    async def scenario(handlers: str) -> None:
        container = Container(settings=settings_for(str(tmp_path / "none"), handlers))
        with pytest.raises(ValueError, match="no database"):
            await Runtime(container).serve()
        assert [
            task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("hexjobs-")
        ] == []

    with handler_module(noop, fails) as handlers:
        run(scenario(handlers))


def test_a_signal_stops_gracefully(tmp_path: Path) -> None:
    """SIGTERM to the process ends `serve`."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        runtime = Runtime(Container(settings=settings_for(server.socket_path, handlers)), Duty.WORKER)
        await asyncio.wait_for(runtime.serve(lambda _: os.kill(os.getpid(), signal.SIGTERM)), 15)

    with ValkeyProcess(tmp_path) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


def test_a_taken_port_and_disabled_jobs_are_refused(tmp_path: Path) -> None:
    """`run` fails where its port is taken; `worker` takes the next; nothing runs where jobs are switched off."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        first = Runtime(Container(settings=settings_for(server.socket_path, handlers)), Duty.SERVER)
        async with serving(first):
            assert first.http is not None
            overrides = json.loads(json.dumps({"http": {"port": first.http.port}}))
            overrides["jobs"] = {"provider": "redis", "redis": {"addr": f"unix://{server.socket_path}"}}
            settings = load_settings(None, environ={}, overrides=overrides)
            with pytest.raises(InvalidConfiguration, match=r"http\.port"):
                await Runtime(Container(settings=settings)).serve()
            second = Runtime(Container(settings=settings), Duty.WORKER)
            async with serving(second) as http:
                assert second.http is not None
                assert second.http.port != first.http.port
                assert (await http.get("/health/live")).status_code == 200
                assert (await http.get("/health/queues")).status_code in (403, 404)
        disabled = load_settings(None, environ={}, overrides={"jobs": {"enabled": False}})
        with pytest.raises(JobsDisabled):
            Runtime(Container(settings=disabled))

    with ValkeyProcess(tmp_path) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))
