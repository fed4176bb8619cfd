"""What the settings come to: domain values and use cases. Names no adapter; `container.py` does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .application.act_on_dead_letters import ActOnDeadLetters
from .application.async_service import AsyncJobService, UseCases
from .application.blocking import drive
from .application.blocking_service import BlockingJobService
from .application.cancel_job import CancelJob
from .application.control_queue import ControlQueue
from .application.durability import Durability
from .application.explain_job import ExplainJob
from .application.intake import Intake
from .application.job_queries import JobQueries
from .application.recurring.schedules import Schedules
from .application.reschedule_job import RescheduleJob
from .application.retry_job import RetryJob
from .application.run_policy import RunDefaults
from .application.submit_job import SubmitJob
from .domain.factory import SHIPPED_JOB_TYPES, JobFactory
from .domain.payload import PayloadLimits
from .domain.validator import JobValidator, QueueRules, with_handler_queues
from .handler_modules import HandlerModules
from .ports.clock import Clock
from .ports.dead_letters import DeadLetters
from .ports.job_queue import JobQueue
from .ports.job_store import JobStore
from .ports.leases import Leases
from .ports.queue_control import QueueControl
from .ports.schedule_store import ScheduleStore
from .ports.store_check import StoreCheck
from .settings import Settings


def validator(settings: Settings, modules: HandlerModules) -> JobValidator:
    """Knows the shipped job types and those of the handler modules, the configured queues and those they name."""
    job_types = {job_type.name: job_type for job_type in (*SHIPPED_JOB_TYPES, *modules.job_types)}
    configured = {
        name: QueueRules(frozenset(queue.priority_levels), queue.max_jobs, queue.weight)
        for name, queue in settings.queues.items()
    }
    payload = settings.jobs.payload
    return JobValidator(
        job_types=job_types,
        queues=with_handler_queues(configured, job_types.values()),
        limits=PayloadLimits(payload.max_bytes, payload.max_depth),
    )


def use_cases(
    settings: Settings,
    rules: JobValidator,
    queue: JobQueue,
    intake: Intake,
    store: JobStore,
    cancel: CancelJob,
    schedules: ScheduleStore,
    leases: Leases,
    control: QueueControl,
    dead_letters: DeadLetters,
    store_check: StoreCheck,
    clock: Clock,
    close: Callable[[], Awaitable[None]],
) -> UseCases:
    """What a service offers, over one set of adapters."""
    factory = JobFactory()
    pool = settings.jobs.worker_pool
    queries = JobQueries(queue, store, clock, tuple(rules.queues), factory, pool.max_retries)
    durability = Durability(queue, required=settings.jobs.require_durable)
    submit = SubmitJob(intake, rules, clock, factory, settings.jobs.enabled, durability)
    return UseCases(
        submit=submit,
        cancel=cancel,
        retry=RetryJob(store),
        reschedule=RescheduleJob(store, clock),
        schedule=Schedules(submit, schedules),
        queries=queries,
        control=ControlQueue(control, queries),
        dead_letters=ActOnDeadLetters(dead_letters, queries, clock),
        explain=ExplainJob(store, queue, leases, clock, factory, pool.lease, pool.max_retries),
        leases=leases,
        store_check=store_check,
        close=close,
    )


def run_defaults(settings: Settings) -> RunDefaults:
    """The configuration's share of every run's options."""
    pool, retention = settings.jobs.worker_pool, settings.jobs.retention
    return RunDefaults(
        max_retries=pool.max_retries,
        retry_delay=pool.retry_delay,
        max_backoff=pool.max_backoff,
        timeout=pool.timeout,
        crash_limit=pool.crash_limit,
        keep_completed=retention.completed,
        keep_cancelled=retention.cancelled,
        keep_failed=retention.failed,
    )


@dataclass(frozen=True, slots=True)
class SubmitFromHandlers:
    """How handlers submit jobs: `async def` with the one, `def` with the other."""

    jobs: AsyncJobService
    blocking_jobs: BlockingJobService

    async def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """For `async def`."""
        return await self.jobs.submit_job(job_type, payload, **options)

    def submit_job_blocking(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """For `def`."""
        return self.blocking_jobs.submit_job(job_type, payload, **options)


def submit_from_handlers(waiting: UseCases, blocking: UseCases) -> SubmitFromHandlers:
    """The two services over the container's use cases."""
    return SubmitFromHandlers(AsyncJobService(waiting), BlockingJobService(AsyncJobService(blocking), drive))


def store_wide_max_age(settings: Settings) -> timedelta:
    """How old the store's own figures may be when they are scraped: then a reader that stands still shows."""
    return 3 * settings.jobs.metrics.collection_interval


def provider_name(settings: Settings) -> str:
    """What keeps the jobs. (`provider` by itself is an attribute of every container provider.)"""
    return settings.jobs.provider


def yes_or_no(value: object) -> str:
    """The word by which a container selects."""
    return "yes" if value else "no"
