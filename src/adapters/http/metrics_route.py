"""The route `/metrics`; imported only where FastAPI is."""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter, Request, Response


class RenderedMetrics(Protocol):
    """Metrics that can be written out."""

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The series as they are now, and the content type, in a format that the Accept header asks for."""
        ...


def metrics_route(metrics: RenderedMetrics) -> APIRouter:
    """`GET /metrics` in the Prometheus text format, or in OpenMetrics where the Accept header asks for it."""
    router = APIRouter(tags=["metrics"])

    def answer(request: Request) -> Response:  # no coroutine: a large scrape must not hold up the event loop
        body, content_type = metrics.render(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    for method in ("GET", "HEAD"):
        router.add_api_route(
            "/metrics",
            answer,
            methods=[method],
            name="metrics",
            operation_id="metrics",
            include_in_schema=method == "GET",
            response_class=Response,
            responses={200: {"content": {"text/plain": {}}, "description": "The series."}},
        )
    return router
