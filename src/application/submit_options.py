"""The keyword options of a submit, for type checkers and editors; `JobOptions` says what each one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from ..domain.priority import JobPriority

Duration = timedelta | float | str


class SubmitOptions(TypedDict, total=False):
    """See `JobOptions`. Durations are timedeltas, seconds, or texts such as `"5m"`."""

    queue: str | None
    priority: JobPriority | str | None
    delay: Duration | None
    scheduled_at: datetime | str | None
    max_retries: int | None
    timeout: Duration | None
    expires_at: datetime | str | None
    deadline: datetime | str | None
    job_id: str | None
    unique_key: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    retention: Duration | None
