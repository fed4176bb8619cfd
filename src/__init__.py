"""Background jobs for Python that survive a kill -9. The public names; each is loaded at its first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .application.job_context import BlockingJobContext, JobContext
    from .application.job_handler import job_handler
    from .application.marks import (
        job_scope,
        middleware,
        on_completed,
        on_dead,
        on_retry,
        on_start,
        on_stop,
        provider,
    )
    from .application.run import JobEventInfo
    from .application.submit_job import JobRequest
    from .domain.errors import (
        IllegalTransition,
        InvalidConfiguration,
        InvalidJob,
        JobError,
        JobFailed,
        JobIdConflict,
        JobNotFound,
        JobsDisabled,
        LeaseLost,
        PermanentError,
        Problem,
        QueueFull,
        RetryLater,
        ServerFull,
        ServerUnavailable,
        UnknownJobType,
        UnknownQueue,
        UnsupportedOption,
        WaitTimeout,
    )
    from .domain.factory import JobFactory
    from .domain.job_type import JobType
    from .domain.jobs.base import BaseJob
    from .domain.jobs.data_cleanup import DataCleanupJob, DataCleanupPayload
    from .domain.jobs.email import EmailJob, EmailPayload
    from .domain.jobs.file_processing import FileProcessingJob, FileProcessingPayload
    from .domain.jobs.notification import NotificationJob, NotificationPayload
    from .domain.options import JobOptions
    from .domain.outcome import Cancel, Discard, Done, Fail, Retry, Snooze
    from .domain.payload import JobPayload
    from .domain.priority import JobPriority
    from .domain.retry_policy import RetryPolicy
    from .domain.status import JobStatus
    from .domain.validator import JobValidator
    from .ports.job_metrics import JobMetrics
    from .ports.services import (
        CleanupReport,
        EmailService,
        FileCleanupService,
        FileProcessingService,
        ImageSize,
        MailMessage,
        MailReport,
        NotificationService,
        StorageService,
    )
    from .service import AsyncBackgroundJobService, BackgroundJobService
    from .settings import Settings, load_settings

_HOMES = {
    ".application.job_context": ("BlockingJobContext", "JobContext"),
    ".application.job_handler": ("job_handler",),
    ".application.marks": (
        "job_scope",
        "middleware",
        "on_completed",
        "on_dead",
        "on_retry",
        "on_start",
        "on_stop",
        "provider",
    ),
    ".application.run": ("JobEventInfo",),
    ".application.submit_job": ("JobRequest",),
    ".domain.errors": (
        "IllegalTransition",
        "InvalidConfiguration",
        "InvalidJob",
        "JobError",
        "JobFailed",
        "JobIdConflict",
        "JobNotFound",
        "JobsDisabled",
        "LeaseLost",
        "PermanentError",
        "Problem",
        "QueueFull",
        "RetryLater",
        "ServerFull",
        "ServerUnavailable",
        "UnknownJobType",
        "UnknownQueue",
        "UnsupportedOption",
        "WaitTimeout",
    ),
    ".domain.factory": ("JobFactory",),
    ".domain.job_type": ("JobType",),
    ".domain.jobs.base": ("BaseJob",),
    ".domain.jobs.data_cleanup": ("DataCleanupJob", "DataCleanupPayload"),
    ".domain.jobs.email": ("EmailJob", "EmailPayload"),
    ".domain.jobs.file_processing": ("FileProcessingJob", "FileProcessingPayload"),
    ".domain.jobs.notification": ("NotificationJob", "NotificationPayload"),
    ".domain.options": ("JobOptions",),
    ".domain.outcome": ("Cancel", "Discard", "Done", "Fail", "Retry", "Snooze"),
    ".domain.payload": ("JobPayload",),
    ".domain.priority": ("JobPriority",),
    ".domain.retry_policy": ("RetryPolicy",),
    ".domain.status": ("JobStatus",),
    ".domain.validator": ("JobValidator",),
    ".ports.job_metrics": ("JobMetrics",),
    ".ports.services": (
        "CleanupReport",
        "EmailService",
        "FileCleanupService",
        "FileProcessingService",
        "ImageSize",
        "MailMessage",
        "MailReport",
        "NotificationService",
        "StorageService",
    ),
    ".service": ("AsyncBackgroundJobService", "BackgroundJobService"),
    ".settings": ("Settings", "load_settings"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "AsyncBackgroundJobService",
    "BackgroundJobService",
    "BaseJob",
    "BlockingJobContext",
    "Cancel",
    "CleanupReport",
    "DataCleanupJob",
    "DataCleanupPayload",
    "Discard",
    "Done",
    "EmailJob",
    "EmailPayload",
    "EmailService",
    "Fail",
    "FileCleanupService",
    "FileProcessingJob",
    "FileProcessingPayload",
    "FileProcessingService",
    "IllegalTransition",
    "ImageSize",
    "InvalidConfiguration",
    "InvalidJob",
    "JobContext",
    "JobError",
    "JobEventInfo",
    "JobFactory",
    "JobFailed",
    "JobIdConflict",
    "JobMetrics",
    "JobNotFound",
    "JobOptions",
    "JobPayload",
    "JobPriority",
    "JobRequest",
    "JobStatus",
    "JobType",
    "JobValidator",
    "JobsDisabled",
    "LeaseLost",
    "MailMessage",
    "MailReport",
    "NotificationJob",
    "NotificationPayload",
    "NotificationService",
    "PermanentError",
    "Problem",
    "QueueFull",
    "Retry",
    "RetryLater",
    "RetryPolicy",
    "ServerFull",
    "ServerUnavailable",
    "Settings",
    "Snooze",
    "StorageService",
    "UnknownJobType",
    "UnknownQueue",
    "UnsupportedOption",
    "WaitTimeout",
    "__version__",
    "job_handler",
    "job_scope",
    "load_settings",
    "middleware",
    "on_completed",
    "on_dead",
    "on_retry",
    "on_start",
    "on_stop",
    "provider",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
