"""The routes of `/health/...`; imported only where FastAPI is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from ...ports.health_check import HealthCheck
from .health_report import HealthReport, report_health


def health_routes(
    checks: Mapping[str, Sequence[HealthCheck]], within: timedelta, *, with_details: bool
) -> APIRouter:
    """`/health/{group}` for each group: 503 when one of its checks found an error, else 200, both with a HealthReport.

    `with_details` is for an application that also shows its OpenAPI: only there are the answers described.
    """
    router = APIRouter(tags=["health"])
    for group in checks:
        _add_route(router, group, checks[group], within, with_details)
    return router


def _add_route(
    router: APIRouter, group: str, checks: Sequence[HealthCheck], within: timedelta, with_details: bool
) -> None:
    async def answer() -> Response:
        report = await report_health(checks, within, with_details=with_details)
        body = report.model_dump_json(exclude_none=True)
        return Response(body, 503 if report.status == "error" else 200, media_type="application/json")

    # FastAPI loads all of pydantic's first version to look at a model: for nothing where nobody may read of it.
    model = HealthReport if with_details else None
    ill: dict[str, Any] = {"description": "Something is wrong."}
    for method in ("GET", "HEAD"):
        router.add_api_route(
            f"/health/{group}",
            answer,
            methods=[method],
            name=f"health_{group}",
            operation_id=f"health_{group}",
            include_in_schema=method == "GET",
            response_model=model,
            responses={503: ill if model is None else {**ill, "model": model}},
        )
