"""AsyncJobService: everything an application does with jobs, on ports, as coroutines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from pydantic import BaseModel

from ..domain.duration import parse_duration
from ..domain.errors import JobError
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.options import NO_OPTIONS, JobOptions
from ..domain.status import JobStatus
from ..ports.dead_letter_answer import DeadLetterAnswer
from ..ports.delivery import QueueStats
from ..ports.job_store import JobQuery
from ..ports.leases import Leases, WorkerStatus
from ..ports.store_check import StoreCheck, StoreReport
from .act_on_dead_letters import ActOnDeadLetters
from .async_schedules import AsyncSchedules
from .cancel_job import CancelJob
from .control_queue import ControlQueue
from .explain_job import ExplainJob, Explanation
from .job_queries import JobQueries
from .reschedule_job import RescheduleJob
from .retry_job import RetryJob
from .submit_job import JobRequest, SubmitJob
from .submit_options import Duration, SubmitOptions

if TYPE_CHECKING:
    from .recurring.schedules import Schedules

P = TypeVar("P")
Payload = Mapping[str, Any] | BaseModel
Close = Callable[[], Awaitable[None]]


async def _nothing_to_close() -> None:
    return None


@dataclass(frozen=True, slots=True)
class UseCases:
    """The commands and queries that a service offers."""

    submit: SubmitJob
    cancel: CancelJob
    retry: RetryJob
    reschedule: RescheduleJob
    schedule: Schedules
    queries: JobQueries
    control: ControlQueue
    dead_letters: ActOnDeadLetters
    explain: ExplainJob
    leases: Leases
    store_check: StoreCheck
    close: Close = field(default=_nothing_to_close)


class AsyncJobService(AsyncSchedules):
    """Submit, look up, cancel, retry, schedule and wait for jobs. Safe to share between tasks of one event loop."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    @overload
    async def submit_job(
        self, job_type: JobType[P, Any], payload: P, **options: Unpack[SubmitOptions]
    ) -> str: ...
    @overload
    async def submit_job(
        self, job_type: str, payload: Payload = ..., **options: Unpack[SubmitOptions]
    ) -> str: ...
    async def submit_job(
        self, job_type: JobType[Any, Any] | str, payload: Any = None, **options: Unpack[SubmitOptions]
    ) -> str:
        """Submit one job; its id, once it is stored.

        InvalidJob (UnknownJobType, UnknownQueue, UnsupportedOption) names what is wrong and queues nothing; QueueFull,
        JobIdConflict, JobsDisabled and ServerUnavailable say why it was not taken.
        """
        return await self._use_cases.submit.one(
            job_type,
            {} if payload is None else payload,
            JobOptions.make(**options) if options else NO_OPTIONS,
        )

    async def submit_job_with_options(
        self, job_type: JobType[Any, Any] | str, payload: Any, options: JobOptions
    ) -> str:
        """As `submit_job`, with the options as one value."""
        return await self._use_cases.submit.one(
            job_type, {} if payload is None else payload, JobOptions.make(options)
        )

    async def submit_jobs(
        self, jobs: Iterable[JobRequest | Sequence[Any]], *, atomic: bool = False
    ) -> list[str | JobError]:
        """Submit many, a thousand in each round trip: per item, in order, its id or the error that kept it out.

        An item is a JobRequest or a tuple `(job_type, payload)` or `(job_type, payload, options)`. ServerUnavailable is
        raised where the server answered for none; where it went away in between, it is the answer of the items that it
        did not answer for. With `atomic` all go in one round trip: one refused item keeps all out, and its error is raised.
        """
        return await self._use_cases.submit.many(jobs, atomic=atomic)

    async def get_job(self, job_id: str) -> BaseJob:
        """The job as it is now; JobNotFound."""
        return await self._use_cases.queries.get(job_id)

    async def get_job_status(self, job_id: str) -> JobStatus:
        """The job's status; JobNotFound."""
        return (await self._use_cases.queries.get(job_id)).status

    async def find_jobs(
        self,
        *,
        status: JobStatus | str | None = None,
        queue: str | None = None,
        job_type: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[BaseJob]:
        """Jobs that match, at most `limit`, after the first `offset`."""
        wanted = None if status is None else JobStatus(status)
        return await self._use_cases.queries.find(JobQuery(wanted, queue, job_type, limit, offset))

    async def queue_stats(self) -> list[QueueStats]:
        """How many jobs of each queue are where."""
        return await self._use_cases.queries.queue_stats()

    async def pause_queue(self, queue: str) -> bool:
        """Hand out no more jobs of a queue, to any worker, until it is resumed; False when it was paused. UnknownQueue."""
        return await self._use_cases.control.pause(queue)

    async def resume_queue(self, queue: str) -> bool:
        """Hand out a paused queue's jobs again; False when it was not paused. UnknownQueue."""
        return await self._use_cases.control.resume(queue)

    async def purge_queue(self, queue: str) -> int:
        """Forget a queue's waiting, scheduled and retrying jobs; how many they were. UnknownQueue."""
        return await self._use_cases.control.purge(queue)

    async def workers(self) -> list[WorkerStatus]:
        """The workers that the store knows, by id: what they said of themselves, their last beat, what they run."""
        return await self._use_cases.leases.workers()

    async def why(self, job_id: str) -> Explanation:
        """The job, and why it is not running. JobNotFound."""
        return await self._use_cases.explain(job_id)

    async def select_dead_letters(
        self, *, queue: str | None = None, job_type: str | None = None, older_than: Duration | None = None
    ) -> list[str]:
        """The ids of the dead letters that match; `older_than` is the time since their death. None means any."""
        age = None if older_than is None else parse_duration(older_than)
        return await self._use_cases.dead_letters.select(queue, job_type, age)

    async def retry_dead_letters(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Run dead letters again, thousands at once; one answer per id. What is no dead letter stays as it is."""
        return await self._use_cases.dead_letters.retry(job_ids)

    async def delete_dead_letters(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Forget dead letters, thousands at once; one answer per id. What is no dead letter stays as it is."""
        return await self._use_cases.dead_letters.delete(job_ids)

    async def cancel_job(self, job_id: str) -> bool:
        """True: cancelled, or asked for where it runs; False: it had finished. JobNotFound."""
        return await self._use_cases.cancel(job_id)

    async def retry_job(self, job_id: str) -> None:
        """Run a failed or cancelled job again; IllegalTransition in any other state. JobNotFound."""
        await self._use_cases.retry(job_id)

    async def move_job(
        self, job_id: str, *, delay: Duration | None = None, scheduled_at: datetime | str | None = None
    ) -> None:
        """Let a scheduled or retrying job wait until another instant. InvalidJob; JobNotFound; IllegalTransition."""
        options = JobOptions.make(delay=delay, scheduled_at=scheduled_at)
        await self._use_cases.reschedule.move(job_id, options)

    async def run_job_now(self, job_id: str) -> None:
        """Let a scheduled or retrying job wait for its time no more. JobNotFound; IllegalTransition."""
        await self._use_cases.reschedule.run_now(job_id)

    async def delete_job(self, job_id: str) -> bool:
        """Forget a job that does not run; False when there is none. IllegalTransition while it is processing."""
        return await self._use_cases.queries.store.delete(job_id)

    async def wait_for(self, job_id: str, timeout: Duration | None = None) -> BaseJob:
        """The job once it has ended, in any terminal state; WaitTimeout where it has not by then. JobNotFound.

        `timeout` is a timedelta, seconds, or a text such as `"30s"`; None waits for ever.
        """
        limit = None if timeout is None else parse_duration(timeout)
        return await self._use_cases.queries.wait_for(job_id, limit)

    async def result(self, job_id: str) -> Any:
        """The result of a completed job; JobFailed where it did not complete, WaitTimeout where it has not ended."""
        return await self._use_cases.queries.result(job_id)

    async def check_store(self, *, repair: bool = False) -> StoreReport:
        """What does not fit together in the store; with `repair` it is put right. Jobs may come and go meanwhile."""
        return await self._use_cases.store_check.check(repair=repair)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._use_cases.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
