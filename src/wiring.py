"""What the settings come to: domain values and use cases. Names no adapter; `container.py` does."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from .application.async_service import AsyncJobService, UseCases
from .application.blocking import drive
from .application.blocking_service import BlockingJobService
from .application.cancel_job import CancelJob
from .application.handler_registry import HandlerRegistry, bind_class, bind_function, resolve_parameters
from .application.job_context import JobContext
from .application.job_handler import annotations_of
from .application.job_queries import JobQueries
from .application.marks import Mark, MarkKind
from .application.middleware import LogMiddleware, MetricsMiddleware, Middleware, TimeoutMiddleware
from .application.observers import Observers
from .application.retry_job import RetryJob
from .application.run_policy import RunDefaults
from .application.schedule_job import ScheduleJob
from .application.submit_job import SubmitJob
from .domain.errors import InvalidConfiguration, Problem
from .domain.factory import SHIPPED_JOB_TYPES, JobFactory
from .domain.payload import PayloadLimits
from .domain.suggestion import nearest
from .domain.validator import JobValidator, QueueRules, with_handler_queues
from .handler_modules import HandlerModules
from .lifecycle import Hook
from .ports.clock import Clock
from .ports.delivery import Subscription
from .ports.job_metrics import JobMetrics
from .ports.job_queue import JobQueue
from .ports.job_store import JobStore
from .ports.schedule_store import ScheduleStore
from .ports.worker import Scheduler
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
    store: JobStore,
    schedules: ScheduleStore,
    scheduler: Scheduler,
    clock: Clock,
    close: Callable[[], Awaitable[None]],
) -> UseCases:
    """What a service offers, over one set of adapters."""
    factory = JobFactory()
    submit = SubmitJob(queue, rules, clock, factory, enabled=settings.jobs.enabled)
    return UseCases(
        submit=submit,
        cancel=CancelJob(store, settings.jobs.retention.cancelled),
        retry=RetryJob(store),
        schedule=ScheduleJob(submit, schedules, scheduler, clock),
        queries=JobQueries(
            queue, store, clock, tuple(rules.queues), factory, settings.jobs.worker_pool.max_retries
        ),
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
        keep_completed=retention.completed,
        keep_cancelled=retention.cancelled,
        keep_failed=retention.failed,
    )


def subscription(settings: Settings, rules: JobValidator, worker_id: str) -> Subscription:
    """The queues that this process takes jobs from: those asked for, else all."""
    wanted = settings.jobs.worker_pool.queues or tuple(rules.queues)
    for name in wanted:
        if name not in rules.queues:
            message = f"{name!r} is not a configured queue{nearest(name, rules.queues)}"
            raise InvalidConfiguration([Problem("jobs.worker_pool.queues", message)])
    weights = {name: rules.queues[name].weight for name in wanted}
    return Subscription(worker_id, weights, strict=settings.jobs.worker_pool.strict)


class Resolver:
    """Gives objects by their annotated type: what handler modules provide first, then what the container has."""

    def __init__(self, modules: HandlerModules, known: Mapping[Any, Callable[[], Any]]) -> None:
        self._known = known
        self._marks: dict[Any, Mark[Any]] = {
            mark.provides: mark for mark in modules.marked(MarkKind.PROVIDER)
        }
        self._made: dict[Any, Any] = {}
        self._making: list[Any] = []

    def __call__(self, annotation: Any, where: str) -> Any:
        """The object for a type; InvalidConfiguration where nothing provides it."""
        if annotation in self._made:
            return self._made[annotation]
        mark = self._marks.get(annotation)
        if mark is not None:
            made = self._make(mark, where)
        elif annotation in self._known:
            made = self._known[annotation]()
        else:
            name = getattr(annotation, "__name__", str(annotation))
            known = {getattr(kind, "__name__", str(kind)) for kind in (*self._known, *self._marks)}
            message = f"nothing provides {name}{nearest(name, known)}; mark a function with @provider"
            raise InvalidConfiguration([Problem(where, message)])
        self._made[annotation] = made
        return made

    def call(self, mark: Mark[Any], *given: Any) -> Any:
        """Call a marked function, the parameters after `given` resolved by type."""
        function = mark.function
        where = f"{function.__module__}.{function.__qualname__}"
        parameters = list(inspect.signature(function).parameters.values())[len(given) :]
        return function(
            *given, **resolve_parameters(parameters, annotations_of(function, where), where, self)
        )

    def _make(self, mark: Mark[Any], where: str) -> Any:
        if mark.provides in self._making:
            raise InvalidConfiguration([Problem(where, f"{mark.provides!r} needs itself")])
        self._making.append(mark.provides)
        try:
            return self.call(mark)
        finally:
            self._making.pop()


def registry(modules: HandlerModules, shipped: Sequence[type], resolve: Resolver) -> HandlerRegistry:
    """Every handler, bound; a handler of a module stands in for a shipped one of the same job type."""
    own = [bind_function(job_type, resolve) for job_type in modules.functions]
    own += [bind_class(handler_class, resolve) for handler_class in modules.classes]
    taken = {handler.job_type.name for handler in own}
    return HandlerRegistry(
        [*own, *(bind_class(each, resolve) for each in shipped if vars(each)["job_type"] not in taken)]
    )


def layers(metrics: JobMetrics, modules: HandlerModules) -> list[Middleware]:
    """What surrounds every run, outermost first."""
    own = [mark.function for mark in modules.marked(MarkKind.MIDDLEWARE)]
    return [LogMiddleware(), MetricsMiddleware(metrics), *own, TimeoutMiddleware()]


def job_scopes(modules: HandlerModules) -> list[Callable[[JobContext], AbstractContextManager[Any]]]:
    """The context managers around each handler."""
    return [mark.function for mark in modules.marked(MarkKind.JOB_SCOPE)]


def observers(modules: HandlerModules) -> Observers:
    """Who hears how jobs ended."""
    kinds = (MarkKind.ON_COMPLETED, MarkKind.ON_RETRY, MarkKind.ON_DEAD)
    return Observers(*(tuple(mark.function for mark in modules.marked(kind)) for kind in kinds))


def marked_hooks(modules: HandlerModules, resolve: Resolver) -> list[Hook]:
    """The hooks that handler modules mark; a lifecycle starts them in the written order and stops them in reverse."""
    started = [
        Hook(_name(mark), on_start=partial(resolve.call, mark)) for mark in modules.marked(MarkKind.ON_START)
    ]
    stopped = [
        Hook(_name(mark), on_stop=partial(resolve.call, mark)) for mark in modules.marked(MarkKind.ON_STOP)
    ]
    return [*started, *stopped]


def _name(mark: Mark[Any]) -> str:
    return f"{mark.function.__module__}.{mark.function.__qualname__}"


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


def enabled_roles(
    settings: Settings,
    heartbeat: Callable[[], Any],
    schedule: Callable[[], Any],
    sweep: Callable[[], Any],
    collect: Callable[[], Any],
) -> list[Any]:
    """The background roles of a worker, in the order of their start."""
    roles = [heartbeat(), sweep()]
    if settings.jobs.scheduler.enabled:
        roles.append(schedule())
    if settings.jobs.metrics.enabled:
        roles.append(collect())
    return roles


def store_wide_max_age(settings: Settings) -> timedelta:
    """How old the store's own figures may be when they are scraped: then a reader that stands still shows."""
    return 3 * settings.jobs.metrics.collection_interval


def provider_name(settings: Settings) -> str:
    """What keeps the jobs. (`provider` by itself is an attribute of every container provider.)"""
    return settings.jobs.provider


def yes_or_no(value: object) -> str:
    """The word by which a container selects."""
    return "yes" if value else "no"
