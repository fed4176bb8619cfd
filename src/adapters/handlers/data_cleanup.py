"""DataCleanupHandler: runs jobs of type `data_cleanup`."""

from __future__ import annotations

from typing import Any, ClassVar

from ...application.job_context import JobContext
from ...domain.jobs.data_cleanup import DataCleanupPayload
from ...ports.services import FileCleanupService


class DataCleanupHandler:
    """Removes old files below the root that the payload names, or counts them in a dry run, which is the default.

    The result is the report: `matched`, `removed`, `bytes`, `dry_run`, `limit_reached`.
    """

    job_type: ClassVar[str] = "data_cleanup"
    payload_model: ClassVar[Any] = DataCleanupPayload

    def __init__(self, files: FileCleanupService) -> None:
        self._files = files

    async def execute(self, context: JobContext, payload: DataCleanupPayload) -> dict[str, Any]:
        """Clean up, and tell what was found and done."""
        report = await self._files.remove_old_files(
            payload.root, payload.pattern, payload.older_than_hours * 3600, dry_run=payload.dry_run
        )
        if report.limit_reached:
            context.log.warning("cleanup_limit_reached", root=payload.root, removed=report.removed)
        return {
            "matched": report.matched,
            "removed": report.removed,
            "bytes": report.bytes,
            "dry_run": report.dry_run,
            "limit_reached": report.limit_reached,
        }
