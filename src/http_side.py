"""`http_side`: what a process answers over HTTP, and where."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from .adapters.http.create_app import create_app
from .adapters.http.http_server import HttpServer
from .adapters.http.loopback import is_loopback
from .adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from .container import Container
from .domain.errors import InvalidConfiguration
from .supervised.children_check import ChildrenCheck

log = structlog.get_logger("hexjobs.runtime")


def http_side(
    container: Container,
    *,
    runs_jobs: bool,
    is_worker: bool,
    listener: socket.socket | None = None,
    children: Callable[[], Sequence[dict[str, Any]]] | None = None,
) -> HttpServer | None:
    """The server, not started, of health and metrics; None where a mere worker lacks the extra for it.

    A worker answers live, ready and metrics alone, on the next free port. `children` are those whom this process
    answers for besides itself. InvalidConfiguration where the extra is missing otherwise.
    """
    settings = container.settings()
    checks: dict[str, list[Any]] = {
        "jobs": [container.server_check(), container.schedules_check()],
        "queues": [container.queues_check()],
        "workers": [],
        "ready": [container.server_check()],
    }
    if runs_jobs:
        checks["workers"].append(container.worker_check())
        checks["ready"].append(container.worker_check())
        checks["live"] = [container.stuck_check()]
    if children is not None:
        checks["workers"].append(ChildrenCheck(children, with_missing=True))
        checks["ready"].append(ChildrenCheck(children))
    metrics = container.metrics()
    try:
        app = create_app(
            checks=checks,
            metrics=metrics if isinstance(metrics, PrometheusJobMetrics) else None,
            restricted=is_worker or not is_loopback(settings.http.host),
        )
    except InvalidConfiguration as error:
        if not is_worker:
            raise
        log.warning("http_not_installed", error=str(error))
        return None
    host, port = settings.http.host, settings.http.port
    return HttpServer(app, host, port, fallback_ports=is_worker, listener=listener)
