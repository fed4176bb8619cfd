"""The configuration of one process: YAML and environment become one validated, frozen tree."""

from .circuit_section import CircuitSettings
from .handler_sections import CleanupSettings, EmailSettings, FilesSettings, NotificationSettings
from .layer import Origin
from .load import find_config, load_settings
from .redis_address import RedisAddress
from .schedule_settings import ScheduleSettings
from .sections import (
    HttpSettings,
    JobsSettings,
    LoggingSettings,
    MetricsSettings,
    PayloadSettings,
    QueueSettings,
    RetentionSettings,
    SchedulerSettings,
    WorkerPoolSettings,
)
from .settings import Settings, settings_keys
from .store_sections import EmbeddedSettings, RedisSettings
from .view import dump_settings, origins, place, settings_schema

__all__ = [
    "CircuitSettings",
    "CleanupSettings",
    "EmailSettings",
    "EmbeddedSettings",
    "FilesSettings",
    "HttpSettings",
    "JobsSettings",
    "LoggingSettings",
    "MetricsSettings",
    "NotificationSettings",
    "Origin",
    "PayloadSettings",
    "QueueSettings",
    "RedisAddress",
    "RedisSettings",
    "RetentionSettings",
    "ScheduleSettings",
    "SchedulerSettings",
    "Settings",
    "WorkerPoolSettings",
    "dump_settings",
    "find_config",
    "load_settings",
    "origins",
    "place",
    "settings_keys",
    "settings_schema",
]
