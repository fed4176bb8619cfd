"""TestJobs: the job system of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from dependency_injector import providers

from .. import handler_wiring
from ..application.handler_registry import HandlerRegistry
from ..application.verdict import Verdict
from ..container import SHIPPED_HANDLERS, Container
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.status import JobStatus
from ..handler_modules import HandlerModules
from ..service import AsyncBackgroundJobService, BackgroundJobService
from ..settings import load_settings
from .drain_report import DrainReport, JobRun
from .frozen_clock import FrozenClock, StandingClock
from .job_runner import JobRunner
from .portal import Portal
from .submitted_jobs import SubmittedJobs
from .watched_caller import WatchedCaller
from .watched_job_queue import WatchedJobQueue

MAX_RUNS = 10_000


class TestJobs:
    """The real services, executor and handlers on the in-memory adapter, with a clock that stands still.

    `service` and `async_service` are what application code is given. Nothing runs by itself: `drain` runs what is due;
    with `eager` a submit runs its job at once and raises what the handler raised. `clock` advances when told, and
    retries wait exactly as long as their policy says, without jitter.

    `handlers` names modules, in place of those that `config` names. `provide` maps types to what handlers are given
    for them, in place of what they would be given. `config` is the path of a configuration file, and `settings` are
    changes to it by dotted path, such as `{"jobs.worker_pool.max_retries": 0}`; the environment is not read but for
    what `environ` holds. `now` is where the clock starts.

    `with` or `async with` runs the stop hooks of the handler modules at the end, if a job ran.
    """

    __test__ = False  # pytest collects classes with such names

    def __init__(
        self,
        *,
        handlers: Iterable[str] | None = None,
        provide: Mapping[Any, Any] | None = None,
        eager: bool = False,
        config: str | Path | None = None,
        settings: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        now: datetime | None = None,
    ) -> None:
        # In memory nothing is durable, and a test wants nothing of the kind.
        kept: dict[str, Any] = {"jobs.provider": "memory", "jobs.require_durable": False}
        overrides: dict[str, Any] = {**(settings or {}), **kept}
        if handlers is not None:
            overrides["jobs.handlers"] = list(handlers)
        path = None if config is None else Path(config)
        loaded = load_settings(path, environ=environ or {}, overrides=overrides, search=False)
        self.clock = FrozenClock(now)
        self.container = Container(settings=loaded)
        self._eager = eager
        self._portal = Portal()
        self._runner = JobRunner(self.container)
        self._override(dict(provide or {}))
        self._submitted = SubmittedJobs(self.container.validator())
        self.service = BackgroundJobService(self.container)
        self.async_service = AsyncBackgroundJobService(self.container)

    @property
    def submitted(self) -> list[BaseJob]:
        """The jobs that were submitted, in their order, each as it stood then.

        A submit that an existing job answered (same `job_id` or `unique_key`) is not among them.
        """
        return list(self._submitted.jobs)

    def assert_submitted(self, job_type: JobType[Any, Any] | str, /, **payload: Any) -> BaseJob:
        """The first submitted job of this type whose payload has these fields, and perhaps more.

        The AssertionError lists what was submitted instead. Look at the job for its queue, priority and options.
        """
        __tracebackhide__ = True
        return self._submitted.assert_submitted(job_type, payload)

    def assert_not_submitted(self, job_type: JobType[Any, Any] | str, /, **payload: Any) -> None:
        """AssertionError where such a job was submitted."""
        __tracebackhide__ = True
        self._submitted.assert_not_submitted(job_type, payload)

    def drain(self, *, raise_errors: bool = False, max_runs: int = MAX_RUNS) -> DrainReport:
        """Run everything that is due, one job after the other, until nothing is.

        What waits for a later time stays: advance the clock first. With `raise_errors` the first error of a handler is
        raised in the end. RuntimeError after `max_runs`, and inside a running event loop.
        """
        runs = self._portal.run(self._runner.run_due(max_runs), "await drain_async()")
        return _reported(runs, raise_errors)

    async def drain_async(self, *, raise_errors: bool = False, max_runs: int = MAX_RUNS) -> DrainReport:
        """See `drain`; `async def` handlers run on this event loop, `def` handlers in threads."""
        return _reported(await self._runner.run_due(max_runs), raise_errors)

    def close(self) -> None:
        """Run the stop hooks if a job ran, and end the threads."""
        try:
            if self._runner.is_started:
                self._portal.run(self._runner.close(), "async with TestJobs(...)")
        finally:
            self._end_threads()

    async def aclose(self) -> None:
        """See `close`; the stop hooks run on this event loop."""
        try:
            await self._runner.close()
        finally:
            self._end_threads()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _end_threads(self) -> None:
        self._portal.close()
        self.container.caller().close()

    def _override(self, provide: dict[Any, Any]) -> None:
        container, standing = self.container, StandingClock(self.clock)
        container.clock.override(providers.Object(self.clock))
        for access, enqueued in (
            (container.access, self._enqueued),
            (container.blocking_access, self._enqueued_blocking),
        ):
            access.clock.override(providers.Object(standing))
            access.queue.override(
                providers.Singleton(
                    WatchedJobQueue, container.memory, standing, enqueued, self._runner.settled
                )
            )
        container.verdict.override(
            providers.Singleton(Verdict, container.policy, self.clock, providers.Object(_no_jitter))
        )
        container.jitter.override(providers.Object(_no_jitter))
        scopes = providers.Callable(handler_wiring.job_scopes, container.modules)
        container.registry.override(
            providers.Singleton(
                _without_isolation,
                providers.Singleton(
                    handler_wiring.registry,
                    container.modules,
                    providers.Object(SHIPPED_HANDLERS),
                    container.resolver,
                ),
            )
        )
        container.caller.override(providers.Singleton(WatchedCaller, scopes, self._runner.raised))
        container.resolver.override(
            providers.Singleton(
                ProvidedFirst, container.modules, container.by_type, providers.Object(provide)
            )
        )

    async def _enqueued(self, job_ids: list[str]) -> None:
        due = await self._record(job_ids)
        if due:
            _reported(await self._runner.run_submitted(due), raise_errors=True)

    async def _enqueued_blocking(self, job_ids: list[str]) -> None:
        due = await self._record(job_ids)
        if due:
            _reported(self._portal.run(self._runner.run_submitted(due), "async_service"), raise_errors=True)

    async def _record(self, job_ids: list[str]) -> list[str]:
        """Note these new jobs; the ids of those that run at once."""
        queries = self.container.access.use_cases().queries
        jobs = [await queries.get(job_id) for job_id in job_ids]
        self._submitted.jobs += jobs
        return [job.job_id for job in jobs if self._eager and job.status is JobStatus.PENDING]


class ProvidedFirst(handler_wiring.Resolver):
    """Gives what the test provides for a type, else what a worker would."""

    def __init__(
        self, modules: HandlerModules, known: Mapping[Any, Callable[[], Any]], provide: Mapping[Any, Any]
    ) -> None:
        super().__init__(modules, known)
        self._provide = provide

    def __call__(self, annotation: Any, where: str) -> Any:
        """See `Resolver`."""
        if annotation in self._provide:
            return self._provide[annotation]
        return super().__call__(annotation, where)


def _without_isolation(handlers: HandlerRegistry) -> HandlerRegistry:
    return handlers.without_isolation()


def _no_jitter() -> float:
    return 1.0


def _reported(runs: Iterable[JobRun], raise_errors: bool) -> DrainReport:
    report = DrainReport(tuple(runs))
    if raise_errors and report.error is not None:
        raise report.error
    return report
