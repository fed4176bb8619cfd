"""Supervised: the part of a process that is a child of the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from ..adapters.cli.logs import is_console
from ..adapters.http.http_server import HttpServer
from ..adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from ..container import Container
from ..ports.process_figures import ProcessFigures
from ..supervisor.channel import Message
from ..supervisor.parent_link import ParentLink
from ..supervisor.plan import Plan
from .recycling import Recycling

REPORT_SECONDS = 1.0
PAUSE_SECONDS = 0.5
GRACE_SECONDS = 30.0
TAKE_OVER = "hexjobs-take-over"
log = structlog.get_logger("hexjobs.supervised")


class Supervised:
    """Reports to the supervisor from the event loop, so that a loop which stands still shows, and obeys it.

    `orders` are what the supervisor may ask for: `stop`, `hurry`, `retire`. A supervisor that is gone is an order to
    stop. Jobs of workers that died with a sibling are given back at once.
    """

    def __init__(
        self, link: ParentLink, container: Container, orders: Mapping[str, Callable[[], None]]
    ) -> None:
        self.link = link
        self._container = container
        self._orders = orders
        pool = container.settings().jobs.worker_pool
        link.grace = pool.shutdown_timeout.total_seconds() + GRACE_SECONDS
        self._recycling = Recycling(pool.max_jobs_per_child, pool.max_memory_per_child)
        self._told = ProcessFigures()
        self._others = ProcessFigures()
        self._children: list[dict[str, Any]] = []
        self._identity = ""
        self._is_retiring = False
        self._is_over = False
        self._keep_others(link.welcome)
        metrics = container.metrics()
        self._metrics = metrics if isinstance(metrics, PrometheusJobMetrics) else None
        if self._metrics is not None:
            self._metrics.combine = self._combine

    @property
    def serves_http(self) -> bool:
        """Whether this is the child that answers for all."""
        return self.link.number == 0

    def children(self) -> list[dict[str, Any]]:
        """The other children, as they were a second ago."""
        return self._children

    async def start(self) -> None:
        """Hear the supervisor and report to it from now on."""
        loop = asyncio.get_running_loop()

        def hear(message: Message) -> None:
            if message["type"] == "take_over":
                ids = message["worker_ids"]
                threading.Thread(target=self._take_over, args=(ids,), name=TAKE_OVER, daemon=True).start()
                return
            with contextlib.suppress(RuntimeError):  # the loop is closed: it stops already
                loop.call_soon_threadsafe(self._obey, message)

        self.link.listen(hear, lambda: hear({"type": "stop", "orphaned": True}))
        self._reporting = loop.create_task(self._report_on(), name="hexjobs-report")

    async def stop(self) -> None:
        """Report for the last time."""
        self._is_over = True
        self._reporting.cancel()
        await asyncio.gather(self._reporting, return_exceptions=True)
        self._report()

    def tell_identity(self) -> None:
        """Say under which id jobs are held, where that is new; before the first one is taken."""
        worker_id = self._container.worker().worker_id
        if worker_id != self._identity:
            self._identity = worker_id
            self.link.send("identity", worker_id=worker_id)

    def tell_listening(self, http: HttpServer) -> None:
        """Leave a copy of the listening socket with the supervisor, for the child that comes after this one."""
        if self.link.listener is None:
            self.link.send("listening", descriptor=http.descriptor)

    def tell_ready(self, *, burst: bool) -> None:
        """Everything has started; how the settings want to be supervised."""
        settings = self._container.settings()
        pool = settings.jobs.worker_pool
        plan = Plan(
            processes=pool.processes,
            stuck_after=pool.stuck_after.total_seconds(),
            shutdown_timeout=pool.shutdown_timeout.total_seconds(),
            burst=burst,
            log_level=logging.getLevelNamesMapping()[settings.logging.level.upper()],
            console=is_console(settings.logging.format, sys.stderr),
        )
        self.link.send("ready", plan=plan.to_json())

    def tell_leaving(self) -> None:
        """The process stops, whoever asked for it."""
        self.link.send("leaving")

    def _obey(self, message: Message) -> None:
        kind = message["type"]
        if message.get("orphaned"):
            log.warning("supervisor_gone")
        if kind == "others":
            self._keep_others(message)
        elif kind in self._orders:
            self._orders[kind]()

    def _keep_others(self, message: Message) -> None:
        self._others = ProcessFigures.from_json(message.get("figures", ()))
        self._children = message.get("children", [])

    async def _report_on(self) -> None:
        while True:
            self._report()
            await asyncio.sleep(REPORT_SECONDS)

    def _report(self) -> None:
        self.tell_identity()
        worker = self._container.worker()
        health = worker.health()
        self.link.send("report", health={"reasons": list(health.reasons), "details": health.details})
        if self._metrics is not None:
            self._tell_figures(self._metrics.figures())
        processed = self._container.pool().statistics().processed
        reason = None if self._is_retiring else self._recycling.reason(processed, health.details)
        if reason is not None:
            self._is_retiring = True
            self.link.send("retire", reason=reason)

    def _tell_figures(self, figures: ProcessFigures) -> None:
        if figures != self._told and self.link.send("figures", figures=figures.to_json()):
            self._told = figures

    def _combine(self, figures: ProcessFigures) -> ProcessFigures:
        """What is shown of this process is what the supervisor knows, so that a successor can go on from there."""
        self._tell_figures(figures)
        return ProcessFigures(self._told).add(self._others)

    def _take_over(self, worker_ids: list[str]) -> None:
        """In a thread, so that a handler which blocks the event loop delays nothing."""
        for worker_id in worker_ids:
            while not self._is_over:
                try:
                    self._container.lease().take_over(worker_id, None)
                except Exception as error:  # noqa: BLE001  # the next try, or the lease, which runs out
                    log.info("take_over_failed", worker_id=worker_id, error=str(error))
                    time.sleep(PAUSE_SECONDS)
                else:
                    self.link.send("taken_over", worker_ids=[worker_id])
                    break
