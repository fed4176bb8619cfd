"""HandlerContainer: what handlers ask for by its type: the metrics, mail, files, clean-up and webhooks. Builds and does no I/O.

Apart from `service_container.py`, so that a process which only submits loads none of it.
"""

from __future__ import annotations

from dependency_injector import providers

from . import handler_wiring, wiring
from .adapters.cleanup.folder_cleanup import FolderCleanup
from .adapters.files.local_storage import LocalStorage
from .adapters.files.pillow_image_processor import PillowImageProcessor
from .adapters.mail.jinja_template_renderer import JinjaTemplateRenderer
from .adapters.mail.smtp_email_service import SmtpEmailService
from .adapters.metrics.no_job_metrics import NoJobMetrics
from .adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from .adapters.notify.http_webhooks import HttpWebhooks
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
from .service_container import ServiceContainer
from .settings import Settings


class HandlerContainer(ServiceContainer):
    """The services that the parameters of handlers are resolved to. `settings` must be given."""

    settings = ServiceContainer.settings
    jobs = settings.provided.jobs
    modules, validator = ServiceContainer.modules, ServiceContainer.validator
    access, clock = ServiceContainer.access, ServiceContainer.clock

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
