"""Middleware: what surrounds every run, as a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from ..domain.outcome import Outcome
from ..ports.job_metrics import JobMetrics
from .run import Run

Proceed = Callable[[Run], Awaitable[Outcome]]
Middleware = Callable[[Run, Proceed], Awaitable[Outcome]]


def compose(layers: Sequence[Middleware], innermost: Proceed) -> Proceed:
    """One callable that runs the layers in their order around the innermost."""
    proceed = innermost
    for layer in reversed(layers):
        proceed = _surround(layer, proceed)
    return proceed


def _surround(layer: Middleware, proceed: Proceed) -> Proceed:
    return lambda run: layer(run, proceed)


class LogMiddleware:
    """Binds the job's ids to every log line of the run, also those of the handler itself."""

    async def __call__(self, run: Run, proceed: Proceed) -> Outcome:
        """Surround the run."""
        tokens = structlog.contextvars.bind_contextvars(
            job_id=run.delivery.job_id, job_type=run.job_type, attempt=run.delivery.attempt
        )
        try:
            return await proceed(run)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)


class MetricsMiddleware:
    """Counts starts and how long jobs waited."""

    def __init__(self, metrics: JobMetrics) -> None:
        self._metrics = metrics

    async def __call__(self, run: Run, proceed: Proceed) -> Outcome:
        """Surround the run."""
        self._metrics.job_started(run.job_type, run.delivery.queue, run.waited_seconds)
        return await proceed(run)
