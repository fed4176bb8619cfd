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

from . import handler_wiring
from .adapters.http.http_server import HttpServer
from .adapters.worker.role import RoleRunner
from .adapters.worker.steady_runner import run_steadily
from .container import Container
from .domain.errors import JobsDisabled
from .http_side import http_side
from .lifecycle import Hook, Lifecycle
from .service import release_server
from .supervised.supervised import Supervised
from .supervisor.parent_link import ParentLink

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

    The order: connections, a look at the server, the hooks of the handler modules, HTTP, the worker. So the worker stops
    first, and HTTP answers until it has.
    """

    def __init__(
        self,
        container: Container,
        duty: Duty = Duty.RUN,
        *,
        burst: bool = False,
        parent: ParentLink | None = None,
    ) -> None:
        if not container.settings().jobs.enabled and duty.runs_jobs:
            raise JobsDisabled
        if container.settings().jobs.scheduler.enabled and duty.runs_jobs:
            container.scheduler()  # a bad schedule is refused before anything starts
        self.container = container
        self._duty = duty
        self._burst = burst
        self._stop_requested = asyncio.Event()
        self._asked = False
        self.http: HttpServer | None = None
        orders = {"stop": self._stop_requested.set, "hurry": self._hurry, "retire": self._retire}
        self.supervised = None if parent is None else Supervised(parent, container, orders)
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
            if settings.jobs.worker_pool.processes > 1:
                described["processes"] = settings.jobs.worker_pool.processes
        if self.http is not None:
            described["http"] = self.http.url
        return described

    def request_stop(self) -> None:
        """Stop gracefully; asked a second time, at once: running jobs are given back."""
        if self._asked and self._duty.runs_jobs:
            self._hurry()
        self._asked = True
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
                if self.supervised is not None:
                    self.supervised.tell_ready(burst=self._burst)
                if on_started is not None and (self.supervised is None or self.supervised.link.first):
                    on_started(self)
                await self._until_stopped()
                if self.supervised is not None:
                    self.supervised.tell_leaving()
        finally:
            for number in signals:
                with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                    loop.remove_signal_handler(number)

    def _hurry(self) -> None:
        self._stop_requested.set()
        self.container.worker().hurry()

    def _retire(self) -> None:
        """Stop; a successor answers HTTP from now on."""
        self._retiring = asyncio.create_task(self._stop_http(), name="hexjobs-retire")
        self._stop_requested.set()

    async def _until_stopped(self) -> None:
        waits: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._stop_requested.wait(), name="hexjobs-stop"),
            asyncio.create_task(self.container.start_check().until_refused(), name="hexjobs-refused"),
        }
        if self._burst and self._duty.runs_jobs:
            waits.add(asyncio.create_task(self.container.worker().wait_until_empty(), name="hexjobs-burst"))
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()

    def _hooks(self) -> list[Hook]:
        start_check = self.container.start_check()
        hooks = [
            Hook("connections", on_stop=self._close_connections),
            Hook("start_check", start_check.start, start_check.stop),
        ]
        if self.supervised is not None:
            hooks.append(Hook("supervisor", self.supervised.start, self.supervised.stop))
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
        return handler_wiring.marked_hooks(self.container.modules(), self.container.resolver())

    async def _start_worker(self) -> None:
        if self._burst:
            self.container.fetch().wait = timedelta(0)
        self.container.progress().attach()
        if self.supervised is not None:
            self.supervised.tell_identity()
        await self.container.worker().start()

    async def _stop_worker(self) -> None:
        await self.container.worker().stop()
        self.container.caller().close()

    async def _start_http(self) -> None:
        supervised = self.supervised
        if supervised is not None and not supervised.serves_http:
            return
        self.http = http_side(
            self.container,
            runs_jobs=self._duty.runs_jobs,
            is_worker=self._duty is Duty.WORKER,
            listener=None if supervised is None else supervised.link.listener,
            children=None if supervised is None else supervised.children,
        )
        if self.http is not None:
            await self.http.start()
            if supervised is not None:
                supervised.tell_listening(self.http)

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
        run_steadily(operation)
    else:
        run_steadily(operation, uvloop.new_event_loop)


def _awaiting(function: Callable[[], None]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def call() -> None:
        function()

    return call
