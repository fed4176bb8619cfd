"""Container: settings become objects. Builds and does no I/O; `lifecycle.py` starts and stops.

With `store_access.py` the only file that names concrete adapters. Every provider can be overridden, as tests do.
"""

from __future__ import annotations

from dependency_injector import containers, providers

from . import wiring
from .adapters.cleanup.folder_cleanup import FolderCleanup
from .adapters.clock.system_clock import BlockingSystemClock, SystemClock
from .adapters.embedded.server import EmbeddedServer
from .adapters.files.local_storage import LocalStorage
from .adapters.files.pillow_image_processor import PillowImageProcessor
from .adapters.handlers.data_cleanup import DataCleanupHandler
from .adapters.handlers.email import EmailHandler
from .adapters.handlers.file_processing import FileProcessingHandler
from .adapters.handlers.notification import NotificationHandler
from .adapters.mail.jinja_template_renderer import JinjaTemplateRenderer
from .adapters.mail.smtp_email_service import SmtpEmailService
from .adapters.memory.state import MemoryStore
from .adapters.metrics.no_job_metrics import NoJobMetrics
from .adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from .adapters.notify.http_webhooks import HttpWebhooks
from .adapters.redis.keys import Keys
from .adapters.redis.transport import AsyncTransport, BlockingTransport
from .adapters.worker.process_worker import ProcessWorker, new_worker_id
from .adapters.worker.progress_keeper import ProgressKeeper
from .adapters.worker.roles import Collect, Fetch, FireSchedules, Heartbeat, Sweep
from .adapters.worker.settler import Settler
from .adapters.worker.slot_pool import SlotPool
from .adapters.worker.thread_caller import ThreadCaller
from .application.executor import Executor
from .application.health_checks import QueuesCheck, ServerCheck, StuckCheck, WorkerCheck
from .application.run_policy import RunPolicy
from .application.verdict import Verdict
from .handler_modules import HandlerModules, import_handlers
from .ports.clock import Clock
from .ports.job_metrics import JobMetrics
from .ports.job_queue import JobQueue
from .ports.job_store import JobStore
from .ports.schedule_store import ScheduleStore
from .ports.services import (
    EmailService,
    FileCleanupService,
    FileProcessingService,
    NotificationService,
    StorageService,
    TemplateRenderer,
)
from .settings import Settings
from .store_access import StoreAccess, embedded_address, redis_address

SHIPPED_HANDLERS = (EmailHandler, FileProcessingHandler, DataCleanupHandler, NotificationHandler)


class Container(containers.DeclarativeContainer):
    """The objects of one process. `settings` must be given."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    jobs = settings.provided.jobs

    provider_name = providers.Callable(wiring.provider_name, settings)
    modules: providers.Singleton[HandlerModules] = providers.Singleton(import_handlers, jobs.handlers)
    validator = providers.Singleton(wiring.validator, settings, modules)
    embedded_server = providers.Singleton(EmbeddedServer, jobs.embedded.data_dir, jobs.embedded.fsync)
    address = providers.Selector(
        provider_name,
        embedded=providers.Singleton(embedded_address, embedded_server),
        redis=providers.Singleton(redis_address, jobs.redis),
        memory=providers.Object(None),
    )
    keys = providers.Singleton(Keys, jobs.redis.key_prefix)
    memory = providers.Singleton(MemoryStore)
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    access = providers.Container(
        StoreAccess,
        settings=settings,
        validator=validator,
        keys=keys,
        memory=memory,
        transport=providers.Singleton(AsyncTransport, address),
        clock=clock,
    )
    blocking_access = providers.Container(
        StoreAccess,
        settings=settings,
        validator=validator,
        keys=keys,
        memory=memory,
        transport=providers.Singleton(BlockingTransport, address),
        clock=providers.Singleton(BlockingSystemClock),
    )

    # ---- what handlers ask for
    metrics: providers.Provider[JobMetrics] = providers.Selector(
        providers.Callable(wiring.yes_or_no, jobs.metrics.enabled),
        yes=providers.Singleton(
            PrometheusJobMetrics,
            jobs.metrics.prefix,
            job_types=validator.provided.job_types,
            store_wide_max_age=providers.Callable(wiring.store_wide_max_age, settings),
        ),
        no=providers.Singleton(NoJobMetrics),
    )
    email_service = providers.Singleton(
        SmtpEmailService,
        host=settings.provided.email.host,
        port=settings.provided.email.port,
        sender=settings.provided.email.sender,
        username=settings.provided.email.username,
        password=settings.provided.email.password.get_secret_value.call(),
        tls=settings.provided.email.tls,
        timeout_seconds=settings.provided.email.timeout.total_seconds.call(),
    )
    templates = providers.Singleton(JinjaTemplateRenderer, settings.provided.email.template_folders)
    storage = providers.Singleton(
        LocalStorage, settings.provided.files.root, settings.provided.files.max_bytes
    )
    images = providers.Singleton(PillowImageProcessor, settings.provided.files.max_pixels)
    file_cleanup = providers.Singleton(
        FolderCleanup,
        settings.provided.cleanup.roots,
        max_deletions=settings.provided.cleanup.max_deletions,
        minimum_age_seconds=settings.provided.cleanup.minimum_age.total_seconds.call(),
    )
    webhooks = providers.Singleton(
        HttpWebhooks,
        allow_http=settings.provided.notification.allow_http,
        allow_private=settings.provided.notification.allow_private,
        allowed_hosts=settings.provided.notification.allowed_hosts,
        timeout_seconds=settings.provided.notification.timeout.total_seconds.call(),
    )
    by_type: providers.Dict = providers.Dict(
        {
            Settings: settings.provider,
            Clock: clock.provider,
            JobMetrics: metrics.provider,
            JobQueue: access.queue.provider,
            JobStore: access.store.provider,
            ScheduleStore: access.schedules.provider,
            EmailService: email_service.provider,
            TemplateRenderer: templates.provider,
            StorageService: storage.provider,
            FileProcessingService: images.provider,
            FileCleanupService: file_cleanup.provider,
            NotificationService: webhooks.provider,
        }
    )
    resolver = providers.Singleton(wiring.Resolver, modules, by_type)

    # ---- the worker
    worker_id = providers.Singleton(new_worker_id)
    registry = providers.Singleton(wiring.registry, modules, providers.Object(SHIPPED_HANDLERS), resolver)
    policy = providers.Singleton(RunPolicy, providers.Callable(wiring.run_defaults, settings))
    verdict = providers.Singleton(Verdict, policy, clock)
    caller = providers.Singleton(ThreadCaller, providers.Callable(wiring.job_scopes, modules))
    progress = providers.Singleton(ProgressKeeper, access.store)
    executor = providers.Singleton(
        Executor,
        registry=registry,
        policy=policy,
        verdict=verdict,
        clock=clock,
        call=caller,
        layers=providers.Callable(wiring.layers, metrics, modules),
        submit=providers.Callable(wiring.submit_from_handlers, access.use_cases, blocking_access.use_cases),
        save_progress=progress.provided.save,
    )
    pool = providers.Singleton(
        SlotPool,
        jobs.worker_pool.worker_count,
        executor,
        providers.Singleton(Settler, access.queue),
        metrics,
        clock,
        providers.Callable(wiring.observers, modules),
        progress,
    )
    fetch = providers.Singleton(
        Fetch,
        queue=access.queue,
        pool=pool,
        subscription=providers.Callable(wiring.subscription, settings, validator, worker_id),
    )
    heartbeat = providers.Singleton(Heartbeat, access.queue, pool, jobs.worker_pool.heartbeat)
    schedule_role = providers.Singleton(FireSchedules, access.scheduler)
    sweep = providers.Singleton(
        Sweep, access.store, jobs.retention.completed_max, jobs.scheduler.cleanup_interval
    )
    collect = providers.Singleton(
        Collect,
        access.queue,
        access.store,
        metrics,
        providers.Callable(tuple, validator.provided.queues),
        jobs.metrics.collection_interval,
    )
    worker = providers.Singleton(
        ProcessWorker,
        queue=access.queue,
        pool=pool,
        fetch=fetch,
        roles=providers.Callable(
            wiring.enabled_roles,
            settings,
            heartbeat.provider,
            schedule_role.provider,
            sweep.provider,
            collect.provider,
        ),
        clock=clock,
        shutdown_timeout=jobs.worker_pool.shutdown_timeout,
        stuck_after=jobs.worker_pool.stuck_after,
    )

    # ---- health
    server_check = providers.Singleton(ServerCheck, access.queue)
    queues_check = providers.Singleton(
        QueuesCheck, access.queue, providers.Callable(tuple, validator.provided.queues)
    )
    worker_check = providers.Singleton(WorkerCheck, worker)
    stuck_check = providers.Singleton(StuckCheck, worker)
