"""Runtime: one process that runs jobs, serves HTTP, or both, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog

from . import wiring
from .adapters.http.create_app import create_app
from .adapters.http.http_server import HttpServer
from .adapters.http.loopback import is_loopback
from .adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from .adapters.worker.role import RoleRunner
from .container import Container
from .domain.errors import InvalidConfiguration, JobsDisabled
from .lifecycle import Hook, Lifecycle
from .service import release_server

# Beyond the time that jobs are given: waking the fetch, giving jobs back, closing.
STOP_MARGIN = timedelta(seconds=20)
log = structlog.get_logger("hexjobs.runtime")


class Duty(StrEnum):
    """What a process is for."""

    RUN = "run"
    """Worker, scheduler and HTTP; HTTP takes its configured port or fails."""
    WORKER = "worker"
    """Worker and scheduler; live, ready and metrics on the next free port."""
    SERVER = "server"
    """HTTP alone."""

    @property
    def runs_jobs(self) -> bool:
        """Whether jobs run in this process."""
        return self is not Duty.SERVER


class Runtime:
    """Starts what a process is made of in one written order, and stops it in reverse.

    The order: connections, the hooks of the handler modules, HTTP, the worker. So the worker stops first, and HTTP
    answers until it has.
    """

    def __init__(self, container: Container, duty: Duty = Duty.RUN, *, burst: bool = False) -> None:
        if not container.settings().jobs.enabled and duty.runs_jobs:
            raise JobsDisabled
        self.container = container
        self._duty = duty
        self._burst = burst
        self._stop_requested = asyncio.Event()
        self.http: HttpServer | None = None
        self.lifecycle = Lifecycle(self._hooks())

    def describe(self) -> dict[str, Any]:
        """Store, queues, handlers and slots, for people to see at the start."""
        container, settings = self.container, self.container.settings()
        described: dict[str, Any] = {"provider": settings.jobs.provider}
        if settings.jobs.provider != "memory":
            described["store"] = container.address().label
        if settings.jobs.provider == "embedded":
            described["store"] = str(settings.jobs.embedded.data_dir)
        if self._duty.runs_jobs:
            described["queues"] = list(container.fetch().subscription.weights)
            described["handlers"] = sorted(container.registry().job_types)
            described["slots"] = container.pool().statistics().slots
        if self.http is not None:
            described["http"] = self.http.url
        return described

    def request_stop(self) -> None:
        """Stop gracefully; asked a second time, at once: running jobs are given back."""
        if self._stop_requested.is_set() and self._duty.runs_jobs:
            self.container.worker().hurry()
        self._stop_requested.set()

    async def serve(self, on_started: Callable[[Runtime], None] | None = None) -> None:
        """Start, go on until SIGTERM, SIGINT or `request_stop` (in a burst: until no job is left), and stop."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self.request_stop)
        try:
            async with self.lifecycle:
                if on_started is not None:
                    on_started(self)
                await self._until_stopped()
        finally:
            for number in signals:
                with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                    loop.remove_signal_handler(number)

    async def _until_stopped(self) -> None:
        waits: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._stop_requested.wait(), name="hexjobs-stop")
        }
        if self._burst and self._duty.runs_jobs:
            waits.add(asyncio.create_task(self.container.worker().wait_until_empty(), name="hexjobs-burst"))
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()

    def _hooks(self) -> list[Hook]:
        hooks = [Hook("connections", on_stop=self._close_connections)]
        hooks += self._marked_hooks()
        hooks.append(Hook("http", self._start_http, self._stop_http))
        if self._duty.runs_jobs:
            deadline = self.container.settings().jobs.worker_pool.shutdown_timeout + STOP_MARGIN
            hooks.append(Hook("worker", self._start_worker, self._stop_worker, stop_deadline=deadline))
        elif self.container.settings().jobs.metrics.enabled:
            collector = RoleRunner(self.container.collect(), self.container.clock())
            hooks.append(Hook("collector", _awaiting(collector.start), collector.stop))
        return hooks

    def _marked_hooks(self) -> list[Hook]:
        if not self._duty.runs_jobs:
            return []
        return wiring.marked_hooks(self.container.modules(), self.container.resolver())

    async def _start_worker(self) -> None:
        if self._burst:
            self.container.fetch().wait = timedelta(0)
        self.container.progress().attach()
        await self.container.worker().start()

    async def _stop_worker(self) -> None:
        await self.container.worker().stop()
        self.container.caller().close()

    async def _start_http(self) -> None:
        container, settings = self.container, self.container.settings()
        checks: dict[str, list[Any]] = {
            "jobs": [container.server_check()],
            "queues": [container.queues_check()],
            "workers": [],
            "ready": [container.server_check()],
        }
        if self._duty.runs_jobs:
            checks["workers"].append(container.worker_check())
            checks["ready"].append(container.worker_check())
            checks["live"] = [container.stuck_check()]
        try:
            metrics = container.metrics()
            app = create_app(
                checks=checks,
                metrics=metrics if isinstance(metrics, PrometheusJobMetrics) else None,
                restricted=self._duty is Duty.WORKER or not is_loopback(settings.http.host),
            )
        except InvalidConfiguration as error:
            if self._duty is not Duty.WORKER:
                raise
            log.warning("http_not_installed", error=str(error))
            return
        self.http = HttpServer(
            app, settings.http.host, settings.http.port, fallback_ports=self._duty is Duty.WORKER
        )
        await self.http.start()

    async def _stop_http(self) -> None:
        if self.http is not None:
            await self.http.stop()

    async def _close_connections(self) -> None:
        await self.container.access.close()()
        await self.container.blocking_access.close()()
        release_server(self.container)


def run(operation: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine on an event loop of its own: uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(operation())
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(operation())


def _awaiting(function: Callable[[], None]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def call() -> None:
        function()

    return call
