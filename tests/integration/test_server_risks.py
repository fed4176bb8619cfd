"""A server that may lose jobs, as a whole process meets it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from hexjobs import (
    AsyncBackgroundJobService,
    BackgroundJobService,
    InvalidConfiguration,
    JobContext,
    Settings,
    job_handler,
    load_settings,
)
from hexjobs.adapters.cli.commands.health import health
from hexjobs.adapters.cli.invocation import Invocation
from hexjobs.container import Container
from hexjobs.runtime import Duty, Runtime
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import handler_module


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


def settings_for(server: ValkeyProcess, handlers: str, **jobs: Any) -> Settings:
    redis = {"addr": f"unix://{server.socket_path}"}
    overrides = {
        "jobs": {"provider": "redis", "redis": redis, "handlers": [handlers], **jobs},
        "http": {"port": 0},
    }
    return load_settings(None, environ={}, overrides=overrides)


def waiting(server: ValkeyProcess) -> Any:
    with server.client() as client:
        return client.llen("jobs:queue:default:normal")


@pytest.mark.parametrize("duty", list(Duty))
def test_a_process_is_refused_by_name(tmp_path: Path, duty: Duty) -> None:
    """`require_durable` and a server without persistence: the start fails, and no job was taken."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        async with AsyncBackgroundJobService(Container(settings=settings_for(server, handlers))) as jobs:
            await jobs.submit_job(noop, {})
        container = Container(settings=settings_for(server, handlers, require_durable=True))
        with pytest.raises(
            InvalidConfiguration, match=r"jobs\.require_durable: is true, but persistence is off"
        ):
            await Runtime(container, duty).serve()
        assert waiting(server) == 1

    with ValkeyProcess(tmp_path, durable=False) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


def test_a_server_that_comes_later_is_refused_then(tmp_path: Path) -> None:
    """The process starts while its server is away, as always, and ends by itself when that turns out not to be durable."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        server.kill()
        container = Container(settings=settings_for(server, handlers, require_durable=True))
        started = asyncio.Event()
        serving = asyncio.create_task(Runtime(container).serve(lambda _: started.set()))
        await started.wait()
        await asyncio.to_thread(server.start)
        with pytest.raises(InvalidConfiguration, match=r"jobs\.require_durable"):
            await asyncio.wait_for(serving, 20)

    with ValkeyProcess(tmp_path, durable=False) as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


def test_a_service_is_refused_at_its_first_submit(tmp_path: Path) -> None:
    """Both kinds; nothing is stored."""

    async def scenario(settings: Settings) -> None:
        async with AsyncBackgroundJobService(Container(settings=settings)) as jobs:
            for _ in range(2):
                with pytest.raises(InvalidConfiguration, match=r"jobs\.require_durable"):
                    await jobs.submit_job(noop, {})

    with ValkeyProcess(tmp_path, maxmemory_policy="allkeys-lru") as server, handler_module(noop) as handlers:
        settings = settings_for(server, handlers, require_durable=True)
        run(scenario(settings))
        with (
            BackgroundJobService(Container(settings=settings)) as jobs,
            pytest.raises(InvalidConfiguration, match="allkeys-lru"),
        ):
            jobs.submit_jobs([(noop, {})])
        assert waiting(server) == 0


def test_health_tells_and_stays_green(tmp_path: Path) -> None:
    """A second that may be lost is no reason to refuse; HTTP and `hexjobs health` name it."""

    async def scenario(server: ValkeyProcess, handlers: str) -> None:
        container = Container(settings=settings_for(server, handlers, require_durable=True))
        runtime = Runtime(container)
        started = asyncio.Event()
        serving = asyncio.create_task(runtime.serve(lambda _: started.set()))
        await started.wait()
        assert runtime.http is not None
        try:
            async with httpx.AsyncClient(base_url=runtime.http.url, trust_env=False) as http:
                await until(lambda: _is_green(http))
                [risk] = (await http.get("/health/jobs")).json()["checks"]["server"]["details"]["risks"]
            assert "appendfsync is everysec" in risk
            asked = await asyncio.to_thread(_ask_health, runtime.http.url)
            assert (asked.exit_code, asked.stdout, asked.stderr) == (0, "ok\n", f"risk: {risk}\n")
        finally:
            runtime.request_stop()
            await serving

    with ValkeyProcess(tmp_path, appendfsync="everysec") as server, handler_module(noop) as handlers:
        run(scenario(server, handlers))


async def _is_green(http: httpx.AsyncClient) -> bool:
    return (await http.get("/health/ready")).status_code == 200


def _ask_health(url: str) -> Any:
    invocation = Invocation(composition=object())  # type: ignore[arg-type]  # it reads no configuration
    return CliRunner().invoke(health, ["ready", "--url", url], obj=invocation, standalone_mode=False)
