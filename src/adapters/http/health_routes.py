"""The routes of `/health/...`; imported only where FastAPI is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from fastapi import APIRouter, Response

from ...ports.health_check import HealthCheck
from .health_report import HealthReport, report_health


def health_routes(
    checks: Mapping[str, Sequence[HealthCheck]], within: timedelta, *, with_details: bool
) -> APIRouter:
    """`/health/{group}` for each group: 503 when one of its checks found an error, else 200, both with a HealthReport."""
    router = APIRouter(tags=["health"])
    for group in checks:
        _add_route(router, group, checks[group], within, with_details)
    return router


def _add_route(
    router: APIRouter, group: str, checks: Sequence[HealthCheck], within: timedelta, with_details: bool
) -> None:
    async def answer(response: Response) -> HealthReport:
        report = await report_health(checks, within, with_details=with_details)
        if report.status == "error":
            response.status_code = 503
        return report

    for method in ("GET", "HEAD"):
        router.add_api_route(
            f"/health/{group}",
            answer,
            methods=[method],
            name=f"health_{group}",
            operation_id=f"health_{group}",
            include_in_schema=method == "GET",
            response_model=HealthReport,
            response_model_exclude_none=True,
            responses={503: {"model": HealthReport, "description": "Something is wrong."}},
        )
