"""Container: the objects of one process: its services, its worker and its health. Builds and does no I/O.

`lifecycle.py` starts and stops. Every provider can be overridden, as tests do.
"""

from __future__ import annotations

from random import random

from dependency_injector import providers

from . import handler_wiring, wiring, worker_wiring
from .adapters.handlers.data_cleanup import DataCleanupHandler
from .adapters.handlers.email import EmailHandler
from .adapters.handlers.file_processing import FileProcessingHandler
from .adapters.handlers.notification import NotificationHandler
from .adapters.scheduler.ledger_scheduler import LedgerScheduler
from .adapters.worker.isolation.isolated_runner import IsolatedRunner
from .adapters.worker.lease_keeper import LeaseKeeper
from .adapters.worker.loop_watch import LoopWatch
from .adapters.worker.process_worker import ProcessWorker
from .adapters.worker.progress_keeper import ProgressKeeper
from .adapters.worker.reconcile import Reconcile
from .adapters.worker.roles import Collect, Fetch, FireSchedules, Sweep
from .adapters.worker.slot_pool import SlotPool
from .adapters.worker.thread_caller import ThreadCaller
from .adapters.worker.worker_identity import WorkerIdentity
from .application.circuit_breaker import CircuitBreaker
from .application.durability import Durability
from .application.effect_ledger import EffectLedger
from .application.executor import Executor
from .application.health_checks import QueuesCheck, ServerCheck, StuckCheck, WorkerCheck
from .application.recurring.schedule_pass import SchedulePass
from .application.run_policy import RunPolicy
from .application.schedules_check import SchedulesCheck
from .application.start_check import StartCheck
from .application.verdict import Verdict
from .handler_container import HandlerContainer

SHIPPED_HANDLERS = (EmailHandler, FileProcessingHandler, DataCleanupHandler, NotificationHandler)


class Container(HandlerContainer):
    """Everything that a process may be made of. `settings` must be given."""

    settings = HandlerContainer.settings
    jobs = settings.provided.jobs
    modules, resolver, validator = (
        HandlerContainer.modules,
        HandlerContainer.resolver,
        HandlerContainer.validator,
    )
    access, blocking_access = HandlerContainer.access, HandlerContainer.blocking_access
    lease_access = HandlerContainer.lease_access
    metrics, clock = HandlerContainer.metrics, HandlerContainer.clock

    # ---- the worker
    identity = providers.Singleton(WorkerIdentity)
    registry = providers.Singleton(
        handler_wiring.registry, modules, providers.Object(SHIPPED_HANDLERS), resolver
    )
    policy = providers.Singleton(RunPolicy, providers.Callable(wiring.run_defaults, settings))
    verdict = providers.Singleton(Verdict, policy, clock)
    isolated = providers.Singleton(
        IsolatedRunner,
        providers.Callable(worker_wiring.isolation_command),
        providers.Callable(worker_wiring.isolation_setup, settings).provider,
    )
    caller = providers.Singleton(
        ThreadCaller, providers.Callable(handler_wiring.job_scopes, modules), isolated
    )
    progress = providers.Singleton(ProgressKeeper, access.store, metrics)
    jitter = providers.Object(random)
    circuit_breaker = providers.Singleton(
        CircuitBreaker,
        access.circuits,
        providers.Callable(worker_wiring.circuit_rules, settings),
        random=jitter,
    )
    executor = providers.Singleton(
        Executor,
        registry=registry,
        policy=policy,
        verdict=verdict,
        clock=clock,
        call=caller,
        gates=providers.Callable(handler_wiring.gates, modules, circuit_breaker.provider),
        layers=providers.Callable(handler_wiring.layers, modules),
        metrics=metrics,
        submit=providers.Callable(wiring.submit_from_handlers, access.use_cases, blocking_access.use_cases),
        save_progress=progress.provided.save,
        effects=providers.Singleton(EffectLedger, access.store, clock, metrics),
        blocking_effects=providers.Singleton(
            EffectLedger, blocking_access.store, blocking_access.clock, metrics
        ),
    )
    pool = providers.Singleton(
        SlotPool,
        jobs.worker_pool.worker_count,
        executor,
        access.queue,
        metrics,
        clock,
        providers.Callable(handler_wiring.observers, modules),
        progress,
        jobs.worker_pool.zombie_limit,
    )
    fetch = providers.Singleton(
        Fetch,
        queue=access.queue,
        pool=pool,
        wanted=providers.Callable(
            worker_wiring.subscription, settings, validator, identity.provided.worker_id
        ),
        identity=identity,
        wait=providers.Callable(worker_wiring.longest_fetch_wait, settings),
    )
    lease = providers.Singleton(
        LeaseKeeper,
        leases=lease_access.leases,
        queue=lease_access.queue,
        identity=identity,
        pool=pool,
        watch=providers.Singleton(worker_wiring.lease_watch, settings),
        clock=lease_access.clock,
        metrics=metrics,
        facts=providers.Callable(
            worker_wiring.worker_facts,
            fetch.provided.wanted.weights,
            pool.provided.statistics,
            registry.provided.job_types,
        ).provider,
        close=lease_access.close,
        interval=providers.Callable(worker_wiring.seconds_between_beats, settings),
    )
    loop_watch = providers.Singleton(
        LoopWatch, providers.Callable(worker_wiring.longest_block_seconds, settings), pool.provided.job_ids
    )
    scheduler = providers.Singleton(
        LedgerScheduler,
        providers.Singleton(
            SchedulePass,
            access.schedules,
            access.cancel,
            metrics=metrics,
            configuration=providers.Callable(
                worker_wiring.schedule_configuration, settings, access.use_cases
            ),
        ),
    )
    schedule_role = providers.Singleton(
        FireSchedules,
        scheduler,
        access.schedules,
        clock,
        providers.Callable(worker_wiring.longest_schedule_wait, settings),
    )
    sweep = providers.Singleton(
        Sweep, access.store, jobs.retention.completed_max, jobs.scheduler.cleanup_interval
    )
    reconcile = providers.Singleton(
        Reconcile, access.store_check, metrics, clock, jobs.scheduler.cleanup_interval
    )
    collect = providers.Singleton(
        Collect,
        access.queue,
        access.store,
        metrics,
        providers.Callable(tuple, validator.provided.queues),
        jobs.metrics.collection_interval,
        circuits=access.circuits,
        circuit_names=providers.Callable(worker_wiring.circuit_names, settings, modules),
        schedules=access.schedules,
    )
    worker = providers.Singleton(
        ProcessWorker,
        queue=access.queue,
        pool=pool,
        fetch=fetch,
        lease=lease,
        loop_watch=loop_watch,
        roles=providers.Callable(
            worker_wiring.enabled_roles,
            settings,
            schedule_role.provider,
            sweep.provider,
            reconcile.provider,
            collect.provider,
        ),
        clock=clock,
        shutdown_timeout=jobs.worker_pool.shutdown_timeout,
        stuck_after=jobs.worker_pool.stuck_after,
    )

    # ---- health
    start_check = providers.Singleton(
        StartCheck,
        providers.Singleton(Durability, access.queue, required=jobs.require_durable),
        clock,
    )
    server_check = providers.Singleton(ServerCheck, access.queue)
    queues_check = providers.Singleton(
        QueuesCheck, access.queue, providers.Callable(tuple, validator.provided.queues)
    )
    schedules_check = providers.Singleton(SchedulesCheck, access.schedules)
    worker_check = providers.Singleton(WorkerCheck, worker)
    stuck_check = providers.Singleton(StuckCheck, worker)
