"""SubmitJob: check what was asked for, build the job, put it into the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..domain.errors import InvalidJob, JobError, JobsDisabled, Problem
from ..domain.factory import JobFactory
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.options import NO_OPTIONS, JobOptions
from ..domain.validator import JobValidator
from ..ports.clock import Clock
from ..ports.envelope import Message
from .durability import Durability
from .intake import Intake
from .job_ids import JobIds, job_ids
from .messages import at_beside, new_message, plain_message, to_instant, to_milliseconds
from .submit_batches import SubmitBatches


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job to submit: its type (a JobType or its name), its payload, its options."""

    job_type: JobType[Any, Any] | str
    payload: Any = field(default_factory=dict)
    options: JobOptions = NO_OPTIONS


Item = JobRequest | Sequence[Any]


@dataclass(frozen=True, slots=True)
class SubmitJob:
    """The one way into a queue. `durability`, where it is given, is ensured before the first job goes in."""

    intake: Intake
    validator: JobValidator
    clock: Clock
    factory: JobFactory = field(default_factory=JobFactory)
    enabled: bool = True
    durability: Durability | None = None
    ids: JobIds = job_ids

    def build(self, request: JobRequest) -> BaseJob:
        """The job, checked but not enqueued; InvalidJob lists every problem."""
        job_type = self.validator.job_type(request.job_type)
        payload, placement = self.validator.check(job_type, request.payload, request.options)
        now = self.clock.now()
        return self.factory.create(
            job_type.name,
            payload,
            request.options,
            placement,
            job_id=request.options.job_id or self.ids.new(to_milliseconds(now)),
            now=now,
        )

    async def one(
        self, job_type: JobType[Any, Any] | str, payload: Any, options: JobOptions = NO_OPTIONS
    ) -> str:
        """Submit one job; its id. Raises what refused it."""
        if not self.enabled:
            raise JobsDisabled
        message = self._message(job_type, payload, options, self.clock.milliseconds())
        if self.durability is not None and not self.durability.is_ensured:
            await self.durability.ensure()
        (result,) = await self.intake.enqueue((message,), self.validator.caps)
        if result.error is not None:
            raise result.error
        return result.job_id

    async def many(self, items: Iterable[Item], *, atomic: bool = False) -> list[str | JobError]:
        """Submit jobs, a batch of them in each call of the queue; per item its id, or the error that kept it out.

        With `atomic` they are one call: one refused item keeps all out and its error is raised.
        """
        if not self.enabled:
            raise JobsDisabled
        if self.durability is not None and not self.durability.is_ensured:
            await self.durability.ensure()
        batches = SubmitBatches(self.intake, self.validator.caps, self._messages)
        return await (batches.all_or_none(items) if atomic else batches.each(items))

    def _messages(self, items: Sequence[Item]) -> list[Message | JobError]:
        """What each item came to; they share a reading of the clock."""
        made = self.clock.milliseconds()
        found: list[Message | JobError] = []
        for item in items:
            try:
                found.append(self._message(*_parts(item), made))
            except JobError as error:
                found.append(error)
        return found

    def _message(
        self,
        given: JobType[Any, Any] | str,
        payload: Any,
        options: JobOptions,
        made: int,
    ) -> Message:
        """As `build`, without a job that nobody looks at between here and the queue."""
        job_type = self.validator.job_type(given)
        checked, placement = self.validator.check(job_type, payload, options)
        if options is NO_OPTIONS:
            return plain_message(job_type.name, checked, placement, self.ids.new(made))
        job_id = options.job_id
        at = None if job_id is None else at_beside(job_id, made)
        return new_message(
            job_type.name,
            checked,
            options,
            placement,
            job_id or self.ids.new(made),
            at,
            options.starts_at(to_instant(made)),
        )


def _parts(item: Item) -> tuple[JobType[Any, Any] | str, Any, JobOptions]:
    """Type, payload and options of a request, or of a tuple of them in which the last two may be missing."""
    if type(item) is tuple and len(item) == 2:
        return *item, NO_OPTIONS
    if isinstance(item, JobRequest):
        return item.job_type, item.payload, item.options
    if isinstance(item, (str, JobType)) or not 1 <= len(item) <= 3:
        raise InvalidJob(
            [Problem("jobs", f"{item!r} is not (job_type, payload) or (job_type, payload, options)")]
        )
    job_type, *rest = item
    options = rest[1] if len(rest) > 1 else NO_OPTIONS
    if isinstance(options, Mapping):
        options = JobOptions.make(**options)
    return job_type, rest[0] if rest else {}, options
