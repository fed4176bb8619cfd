"""The keyword options of a submit, for type checkers and editors; `JobOptions` says what each one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from ..domain.priority import JobPriority

Duration = timedelta | float | str


class LastingOptions(TypedDict, total=False):
    """Those that hold for any number of jobs: a recurring schedule takes them too."""

    queue: str | None
    priority: JobPriority | str | None
    max_retries: int | None
    timeout: Duration | None
    unique_key: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    retention: Duration | None


class SubmitOptions(LastingOptions, total=False):
    """See `JobOptions`. Durations are timedeltas, seconds, or texts such as `"5m"`."""

    delay: Duration | None
    scheduled_at: datetime | str | None
    expires_at: datetime | str | None
    deadline: datetime | str | None
    job_id: str | None
