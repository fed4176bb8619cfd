"""The columns in which jobs are listed."""

from __future__ import annotations

from typing import Any

from .output import Column, Document


def _seconds(instant: Any) -> str | None:
    """An ISO instant without its fraction."""
    return None if instant is None else f"{str(instant)[:19]}Z"


def _last_line(document: Document) -> str | None:
    error = document.get("error")
    return str(error).strip().rpartition("\n")[2] if error else None


JOB_COLUMNS = (
    Column("JOB ID", lambda job: job["job_id"]),
    Column("TYPE", lambda job: job["type"]),
    Column("QUEUE", lambda job: job["queue"]),
    Column("PRIORITY", lambda job: job["priority"]),
    Column("STATUS", lambda job: job["status"]),
    Column("RUN", lambda job: job["attempt"], right=True),
    Column("CREATED", lambda job: _seconds(job["created_at"])),
    Column("REASON", lambda job: job["reason"]),
)
DEAD_COLUMNS = (
    Column("JOB ID", lambda job: job["job_id"]),
    Column("TYPE", lambda job: job["type"]),
    Column("QUEUE", lambda job: job["queue"]),
    Column("RUN", lambda job: job["attempt"], right=True),
    Column("DIED", lambda job: _seconds(job["finished_at"])),
    Column("REASON", lambda job: job["reason"]),
    Column("ERROR", _last_line),
)
