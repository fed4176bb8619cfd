"""The section of the settings for one recurring schedule. Each description is a row of docs/configuration.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..domain.errors import InvalidJob, Problem
from ..domain.options import JobOptions
from .fields import CountOrNone, Duration, Level, Natural, Period, QueueName, TextOrNone
from .keys import Section
from .schedule_fields import Backlog, Cron, Excluded, Instant, JobTypeName, JsonObject, RunLimit, Zone

_OPTIONS = ("queue", "priority", "max_retries", "timeout", "unique_key", "tags", "metadata", "retention")


class ScheduleSettings(Section):
    """One recurring schedule: what its jobs are, when it is due, and what it does about late and overlapping ones."""

    type: JobTypeName = Field(description="Type of the jobs that it makes.")
    payload: JsonObject = Field(
        default={}, description="Payload of its jobs; in the environment a JSON object."
    )
    cron: Cron | None = Field(
        default=None,
        description="When it is due: a cron expression or `@daily` and its like; or give `every`.",
    )
    every: Period | None = Field(default=None, description="When it is due: an interval, such as `90s`.")
    timezone: Zone = Field(
        default="UTC", description="IANA zone of `cron`, `exclude`, and of `start` and `end` that name none."
    )
    start: Instant | None = Field(
        default=None, description="First instant that may be due, in ISO 8601; intervals count from it."
    )
    end: Instant | None = Field(default=None, description="Last instant that may be due, in ISO 8601.")
    limit: CountOrNone = Field(default=None, description="How often it fires at most; `none` for no limit.")
    exclude: tuple[Excluded, ...] = Field(
        default=(), description="Dates and cron expressions on which it is not due."
    )
    jitter: Period | None = Field(
        default=None, description="Each instant is put off by less than this, the same in every process."
    )
    misfire: Literal["skip", "run_once", "run_all"] = Field(
        default="run_once", description="What becomes of instants that are found later than `grace` allows."
    )
    grace: Duration = Field(
        default=timedelta(minutes=1),
        description="How late an instant may be found and still counts as on time.",
    )
    backlog: Backlog = Field(default=100, description="Most late instants that `misfire: run_all` fires.")
    overlap: Literal["allow", "skip", "queue_one", "cancel_running"] = Field(
        default="allow", description="What it does while a job of an earlier instant has not ended."
    )
    queue: QueueName | None = Field(default=None, description="Queue of its jobs; else the handler's.")
    priority: Level | None = Field(default=None, description="Level of its jobs; else the handler's.")
    max_retries: Natural | None = Field(default=None, description="Runs that may follow a failed first one.")
    timeout: RunLimit | None = Field(
        default=None, description='How long one run may take; `"none"` lifts the limit.'
    )
    unique_key: TextOrNone = Field(
        default=None,
        description="At most one unfinished job has this key; an instant that meets one is skipped.",
    )
    tags: tuple[str, ...] = Field(default=(), description="Tags of its jobs.")
    metadata: JsonObject = Field(
        default={}, description="Metadata of its jobs; in the environment a JSON object."
    )
    retention: Duration | None = Field(
        default=None, description="How long a completed or cancelled job is kept."
    )

    @property
    def plan(self) -> dict[str, Any]:
        """When it is due and its policies, as keywords of `make_plan`."""
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name not in ("type", "payload", *_OPTIONS)
        }

    @property
    def options(self) -> dict[str, Any]:
        """What it says of its jobs, as keywords of `JobOptions.make`; what it does not say is left out."""
        return {name: value for name in _OPTIONS if (value := getattr(self, name)) not in (None, (), {})}

    @model_validator(mode="after")
    def _is_a_schedule(self) -> Self:
        """Whether the keys fit together, and it is ever due."""
        from ..application.recurring.make_plan import make_plan  # most configurations have no schedule
        from ..application.recurring.timetable import Timetable

        problems: list[Problem] = []
        try:
            Timetable(make_plan(**self.plan).recurrence).check(0)
        except InvalidJob as error:
            problems += error.problems
        try:
            JobOptions.make(**self.options)
        except InvalidJob as error:
            problems += error.problems
        if problems:
            raise ValidationError.from_exception_data(type(self).__name__, list(map(_detail, problems)))
        return self


def _detail(problem: Problem) -> InitErrorDetails:
    """The problem as pydantic has it: at the key that the field names."""
    first, *rest = problem.field.removeprefix("options.").split(".")
    place = (first, *(int(part) if part.isdigit() else part for part in rest))
    return InitErrorDetails(
        type=PydanticCustomError("schedule", "{message}", {"message": problem.message}), loc=place, input=None
    )
