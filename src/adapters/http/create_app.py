"""`create_app`: the application that answers health and metrics over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ...ports.health_check import HealthCheck
from .http_extra import require_http_extra
from .restricted_access import RestrictedAccess
from .security_headers import SECURITY_HEADERS, SecurityHeaders

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from .metrics_route import RenderedMetrics

HEALTH_GROUPS = ("live", "ready", "jobs", "queues", "workers")
CHECK_TIMEOUT = timedelta(seconds=3)


def create_app(
    *,
    checks: Mapping[str, Sequence[HealthCheck]],
    metrics: RenderedMetrics | None = None,
    restricted: bool = False,
    check_timeout: timedelta = CHECK_TIMEOUT,
) -> FastAPI:
    """A FastAPI application with `/health/{group}` for each group of `checks`, `/metrics`, and their OpenAPI.

    The groups are those of `HEALTH_GROUPS`; `live` is always there, for a process that answers is alive. Without
    `metrics` there is no `/metrics`. `restricted` is for an address that others reach while no credentials exist: only
    live, ready and metrics answer, without the reasons and details of the checks; everything else is 403. ValueError where a group
    is unknown or two checks of a group have one name; InvalidConfiguration where FastAPI is missing.
    """
    require_http_extra()
    from fastapi import FastAPI

    from .health_routes import health_routes
    from .metrics_route import metrics_route

    groups = {"live": (), **checks}
    _refuse_mistakes(groups)
    app = FastAPI(
        title="hexjobs",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={Exception: _internal_error},
    )
    app.include_router(health_routes(groups, check_timeout, with_details=not restricted))
    if metrics is not None:
        app.include_router(metrics_route(metrics))
    if restricted:
        app.add_middleware(RestrictedAccess)
    app.add_middleware(SecurityHeaders)
    return app


def _refuse_mistakes(groups: Mapping[str, Sequence[HealthCheck]]) -> None:
    for group, checks in groups.items():
        if group not in HEALTH_GROUPS:
            raise ValueError(f"{group!r} is not a group of health checks; one of: {', '.join(HEALTH_GROUPS)}")
        names = [check.name for check in checks]
        if len(set(names)) < len(names):
            raise ValueError(f"two checks of the group {group!r} have one name: {', '.join(sorted(names))}")


async def _internal_error(_request: Request, _error: Exception) -> Response:
    """Nothing of the error goes out; the server logs it. This answer lies outside of the middleware."""
    from fastapi.responses import JSONResponse

    body = {"status": "error", "reasons": ["internal error; see the log of this process"]}
    return JSONResponse(body, status_code=500, headers=SECURITY_HEADERS)
