"""handler_context: a JobContext for handler tests."""

from __future__ import annotations

from hexjobs.application.job_context import JobContext


def handler_context(job_type: str, job_id: str = "job-1") -> JobContext:
    """The context of a first run."""
    return JobContext(
        job_id=job_id, job_type=job_type, queue="default", attempt=1, max_retries=3, fence_token=1
    )
