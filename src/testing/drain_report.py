"""DrainReport: what a drain ran, and how each run ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..domain.jobs.base import BaseJob
from ..domain.transitions import JobEvent

CANCELLING = (JobEvent.CANCELLED, JobEvent.DISCARDED, JobEvent.EXPIRED)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run. `job` is as it stood after it; `error` is what the handler raised, where the run failed."""

    job: BaseJob
    event: JobEvent
    error: BaseException | None = None

    def __str__(self) -> str:
        line = f"{self.job.type} {self.job.job_id}: {self.event.value}"
        return line if self.error is None else f"{line}: {self.error!r}"


@dataclass(frozen=True, slots=True)
class DrainReport:
    """The runs of a drain in their order; a job that ran twice is there twice. Its text is one line for each run."""

    runs: tuple[JobRun, ...] = ()

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[JobRun]:
        return iter(self.runs)

    def __str__(self) -> str:
        return "\n".join(map(str, self.runs)) or "nothing was due"

    @property
    def completed(self) -> list[BaseJob]:
        """The jobs that succeeded."""
        return self._ended_by(JobEvent.SUCCEEDED)

    @property
    def retried(self) -> list[BaseJob]:
        """The jobs that failed and will run again; `job.scheduled_at` says when."""
        return self._ended_by(JobEvent.ERRED)

    @property
    def snoozed(self) -> list[BaseJob]:
        """The jobs that asked for a later time."""
        return self._ended_by(JobEvent.SNOOZED)

    @property
    def failed(self) -> list[BaseJob]:
        """The jobs that were dead-lettered."""
        return self._ended_by(JobEvent.DIED)

    @property
    def cancelled(self) -> list[BaseJob]:
        """The jobs that were cancelled, discarded or had expired."""
        return self._ended_by(*CANCELLING)

    @property
    def error(self) -> BaseException | None:
        """What the first run that failed raised."""
        return next((run.error for run in self.runs if run.error is not None), None)

    def _ended_by(self, *events: JobEvent) -> list[BaseJob]:
        return [run.job for run in self.runs if run.event in events]
