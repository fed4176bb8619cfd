"""The keyword options of a recurring schedule, for type checkers and editors; `make_plan` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from ..domain.recurrence.misfire_policy import MisfirePolicy
from ..domain.recurrence.overlap_policy import OverlapPolicy
from .submit_options import Duration, LastingOptions


class PlanOptions(TypedDict, total=False):
    """When a schedule is due, and its policies.

    `cron` or `every` is needed; the others have the defaults `timezone="UTC"`, `misfire="run_once"`, `grace="1m"`,
    `backlog=100`, `overlap="allow"`, and no bounds, exclusions or jitter. Durations are timedeltas, seconds, or texts such
    as `"90s"`; `start` and `end` aware datetimes or ISO texts, one without a zone in that of the schedule.
    """

    cron: str | None
    every: Duration | None
    timezone: str
    start: datetime | str | None
    end: datetime | str | None
    limit: int | None
    exclude: Sequence[str]
    jitter: Duration | None
    misfire: MisfirePolicy | str
    grace: Duration
    backlog: int
    overlap: OverlapPolicy | str


class ScheduleOptions(PlanOptions, LastingOptions, total=False):
    """`PlanOptions`, and the options of each job that the schedule makes."""
