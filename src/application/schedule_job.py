"""ScheduleJob: keep a recurring schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ..domain.errors import InvalidJob, JobNotFound, Problem, UnsupportedOption
from ..domain.job_type import JobType
from ..domain.names import is_name
from ..domain.options import JobOptions
from ..ports.clock import Clock
from ..ports.schedule_store import ScheduleEntry, ScheduleStore
from ..ports.worker import Scheduler
from .messages import to_message, to_milliseconds
from .submit_job import JobRequest, SubmitJob

_PER_FIRE = ("delay", "scheduled_at", "job_id", "expires_at", "deadline")


@dataclass(frozen=True, slots=True)
class ScheduleJob:
    """Adds, replaces and removes recurring schedules."""

    submit: SubmitJob
    store: ScheduleStore
    scheduler: Scheduler
    clock: Clock

    async def add(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any,
        *,
        cron: str,
        timezone: str = "UTC",
        options: JobOptions | None = None,
    ) -> ScheduleEntry:
        """Keep the schedule under `name`, in place of one that had it. InvalidJob names the wrong field."""
        if not is_name(name):
            raise InvalidJob(
                [Problem("name", f"{name!r} must be 1 to 64 of lower-case letters, digits, _ and -")]
            )
        options = options or JobOptions()
        for option in _PER_FIRE:
            if getattr(options, option) is not None:
                raise UnsupportedOption(
                    [Problem(f"options.{option}", "cannot be given to a recurring schedule")]
                )
        job = self.submit.build(JobRequest(job_type, payload, options))
        next_due = self.scheduler.next_instant(cron, timezone, to_milliseconds(self.clock.now()))
        envelope = to_message(job).envelope
        envelope.at = None
        entry = ScheduleEntry(
            name=name,
            cron=cron,
            timezone=timezone,
            envelope=msgspec.Raw(msgspec.json.encode(envelope)),
            next_due=next_due,
        )
        await self.store.put(entry)
        return entry

    async def remove(self, name: str) -> None:
        """Forget the schedule; JobNotFound when there is none. Jobs that it made stay."""
        if not await self.store.remove(name):
            raise JobNotFound(name, f"there is no schedule {name!r}")
