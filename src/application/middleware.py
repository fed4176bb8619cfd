"""Middleware: what surrounds every run, as a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

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


class MetricsMiddleware:
    """Counts starts and how long jobs waited."""

    def __init__(self, metrics: JobMetrics) -> None:
        self._metrics = metrics

    def __call__(self, run: Run, proceed: Proceed) -> Awaitable[Outcome]:
        """Surround the run: it begins as soon as this is called."""
        self._metrics.job_started(run.envelope.type, run.delivery.queue, run.waited_seconds)
        return proceed(run)
