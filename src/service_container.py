"""ServiceContainer: settings become stores, metrics and the services that handlers ask for. Builds and does no I/O.

With `container.py` and `store_access.py` the only file that names concrete adapters. Every provider can be overridden,
as tests do.
"""

from __future__ import annotations

from functools import partial

from dependency_injector import containers, providers

from . import handler_wiring, wiring
from .adapters.cleanup.folder_cleanup import FolderCleanup
from .adapters.clock.system_clock import BlockingSystemClock, SystemClock
from .adapters.embedded.server import EmbeddedServer
from .adapters.files.local_storage import LocalStorage
from .adapters.files.pillow_image_processor import PillowImageProcessor
from .adapters.mail.jinja_template_renderer import JinjaTemplateRenderer
from .adapters.mail.smtp_email_service import SmtpEmailService
from .adapters.memory.state import MemoryStore
from .adapters.metrics.no_job_metrics import NoJobMetrics
from .adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from .adapters.notify.http_webhooks import HttpWebhooks
from .adapters.redis.keys import Keys
from .adapters.redis.transport import AsyncTransport, BlockingTransport
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
from .store_access import StoreAccess, embedded_address, lease_address, redis_address


class ServiceContainer(containers.DeclarativeContainer):
    """What one process reaches and offers. `settings` must be given."""

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
    _access = partial(
        providers.Container,
        StoreAccess,
        settings=settings,
        validator=validator,
        keys=keys,
        memory=memory,
    )
    access = _access(transport=providers.Singleton(AsyncTransport, address), clock=clock)
    blocking_access = _access(
        transport=providers.Singleton(BlockingTransport, address),
        clock=providers.Singleton(BlockingSystemClock),
    )
    lease_access = _access(
        transport=providers.Singleton(
            BlockingTransport, providers.Callable(lease_address, address, jobs.worker_pool.lease)
        ),
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
    resolver = providers.Singleton(handler_wiring.Resolver, modules, by_type)
