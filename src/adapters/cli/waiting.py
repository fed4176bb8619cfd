"""`wait_for_job`: waits for a job's end, and shows its progress where a person looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from ...domain.errors import WaitTimeout
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ...application.blocking_service import BlockingJobService
    from ...domain.jobs.base import BaseJob

LOOK_AGAIN = timedelta(milliseconds=500)


def wait_for_job(jobs: BlockingJobService, job_id: str, timeout: timedelta | None) -> BaseJob:
    """The job once it has ended; WaitTimeout."""
    end = None if timeout is None else monotonic() + timeout.total_seconds()
    bar = ProgressBar()
    try:
        while True:
            try:
                return jobs.wait_for(job_id, _next_look(end, bar))
            except WaitTimeout:
                if end is not None and monotonic() >= end:
                    raise
            job = jobs.get_job(job_id)
            done, of = _amounts(job.progress)
            bar.show(
                done, of, f"{job.type} {job.status}" + (f", run {job.attempt}" if job.attempt > 1 else "")
            )
    finally:
        bar.clear()


def _next_look(end: float | None, bar: ProgressBar) -> timedelta | None:
    if end is None:
        return LOOK_AGAIN if bar.is_shown else None
    left = timedelta(seconds=max(0.0, end - monotonic()))
    return min(left, LOOK_AGAIN) if bar.is_shown else left


def _amounts(progress: Any) -> tuple[float, float]:
    """How much of how much, where a handler reports `{"done": 3, "of": 10}`."""
    if isinstance(progress, Mapping):
        done, of = progress.get("done"), progress.get("of")
        if isinstance(done, (int, float)) and isinstance(of, (int, float)):
            return done, of
    return 0, 0
