"""`job_document`: everything about one job, for `jobs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...domain.jobs.base import BaseJob


def job_document(job: BaseJob) -> dict[str, Any]:
    """The job's JSON, and its payload: decoded, or as text where it is none (a message that could not be read)."""
    document = job.to_dict()
    try:
        document["payload"] = job.payload.value()
    except ValueError:
        document["payload"] = job.payload.raw.decode("utf-8", "replace")
    return document
