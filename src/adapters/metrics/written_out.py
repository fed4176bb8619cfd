"""`written_out`: a registry as text for Prometheus. Imported by the first scrape: prometheus_client is slow to load."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPENMETRICS
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def written_out(registry: CollectorRegistry, accept: str = "") -> tuple[bytes, str]:
    """The series of all collectors as they are now, and their content type.

    OpenMetrics where an Accept header asks for it, else the Prometheus text format.
    """
    if "application/openmetrics-text" in accept:
        body: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]  # so it is there
        return body, OPENMETRICS
    return generate_latest(registry), TEXT
