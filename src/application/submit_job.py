"""SubmitJob: check what was asked for, build the job, put it into the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..domain.errors import InvalidJob, JobError, JobsDisabled, Problem
from ..domain.factory import JobFactory
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.options import JobOptions
from ..domain.validator import JobValidator
from ..ports.clock import Clock
from ..ports.delivery import EnqueueResult
from ..ports.envelope import Message
from ..ports.job_queue import JobQueue
from .durability import Durability
from .job_ids import new_job_id
from .messages import to_message, to_milliseconds

NO_OPTIONS = JobOptions()


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job to submit: its type (a JobType or its name), its payload, its options."""

    job_type: JobType[Any, Any] | str
    payload: Any = field(default_factory=dict)
    options: JobOptions = NO_OPTIONS

    @classmethod
    def of(cls, item: JobRequest | Sequence[Any]) -> JobRequest:
        """From a request, or from a tuple of type, payload and options of which the last two may be missing."""
        if isinstance(item, JobRequest):
            return item
        if isinstance(item, (str, JobType)) or not 1 <= len(item) <= 3:
            raise InvalidJob(
                [Problem("jobs", f"{item!r} is not (job_type, payload) or (job_type, payload, options)")]
            )
        job_type, *rest = item
        options = rest[1] if len(rest) > 1 else NO_OPTIONS
        if isinstance(options, Mapping):
            options = JobOptions.make(**options)
        return cls(job_type, rest[0] if rest else {}, options)


@dataclass(frozen=True, slots=True)
class SubmitJob:
    """The one way into a queue. `durability`, where it is given, is ensured before the first job goes in."""

    queue: JobQueue
    validator: JobValidator
    clock: Clock
    factory: JobFactory = field(default_factory=JobFactory)
    enabled: bool = True
    durability: Durability | None = None

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
            job_id=request.options.job_id or new_job_id(to_milliseconds(now)),
            now=now,
        )

    async def one(self, request: JobRequest) -> str:
        """Submit one job; its id. Raises what refused it."""
        self._refuse_when_disabled()
        (result,) = await self._enqueue([to_message(self.build(request))])
        if result.error is not None:
            raise result.error
        return result.job_id

    async def many(
        self, items: Iterable[JobRequest | Sequence[Any]], *, atomic: bool = False
    ) -> list[str | JobError]:
        """Submit jobs in one round trip; per item its id, or the error that kept it out.

        With `atomic`, one refused item keeps all out and its error is raised.
        """
        self._refuse_when_disabled()
        answers: list[str | JobError] = []
        messages: list[Message] = []
        places: list[int] = []
        for place, item in enumerate(items):
            try:
                messages.append(to_message(self.build(JobRequest.of(item))))
                places.append(place)
                answers.append("")
            except JobError as error:
                if atomic:
                    error.add_note(f"item {place} of an atomic batch: nothing was submitted")
                    raise
                answers.append(error)
        results = await self._enqueue(messages, atomic=atomic) if messages else []
        for place, result in zip(places, results, strict=True):
            if atomic and result.error is not None:
                result.error.add_note("the batch is atomic: nothing was submitted")
                raise result.error
            answers[place] = result.error or result.job_id
        return answers

    async def _enqueue(self, messages: Sequence[Message], *, atomic: bool = False) -> list[EnqueueResult]:
        queues = self.validator.queues
        caps = {
            name: rules.max_jobs
            for name in {message.envelope.queue for message in messages}
            if (rules := queues.get(name)) is not None and rules.max_jobs is not None
        }
        if self.durability is not None:
            await self.durability.ensure()
        return await self.queue.enqueue(messages, caps, atomic=atomic)

    def _refuse_when_disabled(self) -> None:
        if not self.enabled:
            raise JobsDisabled
