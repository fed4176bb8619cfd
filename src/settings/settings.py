"""Settings: the whole configuration of one process, validated and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .circuit_section import CircuitSettings
from .fields import Frozen, Natural, QueueName
from .handler_sections import CleanupSettings, EmailSettings, FilesSettings, NotificationSettings
from .keys import Key, key_tree
from .keys import Path as KeyPath
from .layer import Origin
from .schedule_settings import ScheduleSettings
from .sections import HttpSettings, JobsSettings, LoggingSettings, QueueSettings

DEFAULT_QUEUE = "default"


def _with_default_queue(queues: Mapping[str, QueueSettings]) -> Mapping[str, QueueSettings]:
    return {**queues} if DEFAULT_QUEUE in queues else {**queues, DEFAULT_QUEUE: QueueSettings()}


class Settings(BaseSettings):
    """The whole configuration of one process, validated and frozen; `Settings()` is the built-in defaults.

    `load_settings` makes it from the file, the environment and the options. Called directly it takes what it is given
    and looks nowhere else.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )
    jobs: JobsSettings = JobsSettings()
    http: HttpSettings = HttpSettings()
    logging: LoggingSettings = LoggingSettings()
    queues: Annotated[
        Mapping[QueueName, QueueSettings], AfterValidator(_with_default_queue), Frozen, PlainSerializer(dict)
    ] = Field(default={}, description="The queues by name; `default` is always there.")
    circuits: Annotated[Mapping[QueueName, CircuitSettings], Frozen, PlainSerializer(dict)] = Field(
        default={}, description="The circuits of handlers by name; one without a section has the defaults."
    )
    schedules: Annotated[Mapping[QueueName, ScheduleSettings], Frozen, PlainSerializer(dict)] = Field(
        default={}, description="The recurring schedules by name."
    )
    schedules_revision: Natural = Field(
        default=0,
        description="Number of the state of `schedules`: workers apply them where it is higher than what the store has.",
    )
    schedules_prune: bool = Field(
        default=False,
        description="Whether schedules that are no longer under `schedules` are removed, instead of paused.",
    )
    email: EmailSettings = EmailSettings()
    files: FilesSettings = FilesSettings()
    cleanup: CleanupSettings = CleanupSettings()
    notification: NotificationSettings = NotificationSettings()

    _file: Path | None = PrivateAttr(default=None)
    _origins: dict[KeyPath, Origin] = PrivateAttr(default_factory=dict)

    @property
    def file(self) -> Path | None:
        """The configuration file that was read, if one was."""
        return self._file

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings' signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings' signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in alone: `load_settings` reads the sources, to name every problem and every origin."""
        return (init_settings,)


@cache
def settings_keys() -> Key:
    """The tree of all keys."""
    return key_tree(Settings)
