"""DataCleanupHandler on a recording clean-up."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.adapters.handlers.data_cleanup import DataCleanupHandler
from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.job_type import JobType
from hexjobs.ports.services import CleanupReport
from support.handler_context import handler_context
from support.run import run


class RecordingCleanup:
    def __init__(self, report: CleanupReport) -> None:
        self.asked: list[tuple[str, str, float, bool]] = []
        self._report = report

    async def remove_old_files(
        self, root: str, pattern: str, older_than_seconds: float, *, dry_run: bool
    ) -> CleanupReport:
        self.asked.append((root, pattern, older_than_seconds, dry_run))
        return self._report


def execute(payload: dict[str, Any], files: RecordingCleanup) -> dict[str, Any]:
    job_type = JobType("data_cleanup", DataCleanupHandler.payload_model)
    model = job_type.decode(job_type.encode(payload).raw)
    return run(DataCleanupHandler(files).execute(handler_context("data_cleanup"), model))


def test_a_cleanup_is_a_dry_run_until_the_payload_says_otherwise() -> None:
    files = RecordingCleanup(CleanupReport(matched=3, removed=0, bytes=30, dry_run=True))
    result = execute({"older_than_hours": 1.5}, files)
    assert files.asked == [("default", "*", 5400.0, True)]
    assert result == {"matched": 3, "removed": 0, "bytes": 30, "dry_run": True, "limit_reached": False}


def test_a_real_cleanup_passes_root_and_pattern_on() -> None:
    files = RecordingCleanup(CleanupReport(matched=3, removed=3, bytes=30, dry_run=False, limit_reached=True))
    result = execute({"older_than_hours": 24, "root": "uploads", "pattern": "*.tmp", "dry_run": False}, files)
    assert files.asked == [("uploads", "*.tmp", 86400.0, False)]
    assert result["removed"] == 3
    assert result["limit_reached"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"older_than_hours": 0}, "payload.older_than_hours"),
        ({"older_than_hours": -1}, "payload.older_than_hours"),
        ({"root": "../etc"}, "payload.root"),
        ({"pattern": "a/*"}, "payload.pattern"),
    ],
)
def test_a_payload_that_could_reach_elsewhere_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        JobType("data_cleanup", DataCleanupHandler.payload_model).encode({"older_than_hours": 1} | change)
    assert [problem.field for problem in refused.value.problems] == [field]
