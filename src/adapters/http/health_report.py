"""HealthReport: what a group of checks came to, as JSON; and `report_health`, which runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import structlog
from pydantic import BaseModel, Field

from ...ports.health_check import Health, HealthCheck

HIDDEN = "not well; the log of the process tells why"
_log = structlog.get_logger("hexjobs.http")


Status = Literal["ok", "degraded", "error"]
_WORST_LAST: tuple[Status, ...] = ("ok", "degraded", "error")


class CheckReport(BaseModel):
    """What one check found."""

    status: Status
    reasons: list[str] = Field(description="what is wrong; empty when all is well")
    details: dict[str, Any] | None = Field(
        default=None, description="figures behind it; not shown everywhere"
    )


class HealthReport(BaseModel):
    """What a group of checks came to: the worst of them. `degraded`: somebody is to look, and this process works."""

    status: Status
    reasons: list[str] = Field(description="what is wrong, each with the name of its check in front")
    checks: dict[str, CheckReport]


async def report_health(
    checks: Sequence[HealthCheck], within: timedelta, *, with_details: bool = True
) -> HealthReport:
    """Run the checks at the same time; one that takes longer than `within` or raises counts as ill.

    Without details, an ill check tells nothing but that it is ill: reasons may quote an error with its address.
    """
    results = await asyncio.gather(*(_run(check, within) for check in checks))
    reports = {
        check.name: _report(health, with_details) for check, health in zip(checks, results, strict=True)
    }
    reasons = [f"{name}: {reason}" for name, report in reports.items() for reason in report.reasons]
    found: list[Status] = ["ok", *(report.status for report in reports.values())]
    worst = max(found, key=_WORST_LAST.index)
    return HealthReport(status=worst, reasons=reasons, checks=reports)


def _status(health: Health) -> Status:
    if health.is_healthy:
        return "ok"
    return "degraded" if health.is_degraded else "error"


def _report(health: Health, with_details: bool) -> CheckReport:
    status = _status(health)
    if with_details:
        return CheckReport(status=status, reasons=list(health.reasons), details=health.details)
    return CheckReport(status=status, reasons=[] if health.is_healthy else [HIDDEN])


async def _run(check: HealthCheck, within: timedelta) -> Health:
    seconds = within.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            return await check.check()
    except TimeoutError:
        return Health((f"no answer within {seconds:g} s",))
    except Exception as error:  # noqa: BLE001  # a check is the user's too; its fault is a finding, not a crash
        # The text may name addresses or secrets: it goes to the log, not to whoever asks.
        _log.warning("health_check_failed", check=check.name, error=repr(error))
        return Health((f"the check itself failed: {type(error).__name__}",))
