"""BackgroundJobService and AsyncBackgroundJobService: what application code submits jobs with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from .application.async_service import AsyncJobService, UseCases
from .application.blocking import drive
from .application.blocking_service import BlockingJobService
from .service_container import ServiceContainer
from .settings import Settings, find_config, load_settings

_building = (
    threading.RLock()
)  # the providers of a container are not safe to share between threads, what they make is


def container_for(
    config: str | Path | Settings | ServiceContainer | None, overrides: Mapping[str, Any]
) -> ServiceContainer:
    """A container over a configuration file's path, settings, or nothing (the file that is found, or the defaults)."""
    if isinstance(config, Settings):
        return ServiceContainer(settings=config)
    if config is None or isinstance(config, (str, Path)):
        path = find_config(None if config is None else Path(config))
        return ServiceContainer(settings=load_settings(path, overrides=overrides))
    return config


class AsyncBackgroundJobService(AsyncJobService):
    """Submit, look up, cancel, retry, schedule and wait for jobs, from tasks of an event loop.

    `async with` closes the connections at the end; it is optional.
    """

    def __init__(self, container: ServiceContainer) -> None:
        self.container = container

    @cached_property
    def _use_cases(self) -> UseCases:  # type: ignore[override]  # late: a handler module may make a service at its import
        with _building:
            use_cases: UseCases = self.container.access.use_cases()
            return use_cases

    @classmethod
    def from_config(
        cls, config: str | Path | Settings | ServiceContainer | None = None, **overrides: Any
    ) -> Self:
        """From a YAML file (`HEXJOBS_CONFIG` or `./hexjobs.yaml` when None), with environment and overrides on top.

        InvalidConfiguration lists everything that is wrong with it. Imports the handler modules and connects at the
        first call, so a handler module may keep a service of its own.
        """
        return cls(container_for(config, overrides))

    async def close(self) -> None:
        """Close the connections, and let go of the embedded server; a later call opens new ones."""
        if "_use_cases" in vars(self):
            await super().close()
        release_server(self.container)


class BackgroundJobService(BlockingJobService):
    """Submit, look up, cancel, retry, schedule and wait for jobs, from threads; also from those of a forked child.

    `with` closes the connections at the end; it is optional. Inside a running event loop, where it would block, its
    methods raise RuntimeError and name AsyncBackgroundJobService.
    """

    def __init__(self, container: ServiceContainer) -> None:
        self.container = container
        self._drive = drive

    @cached_property
    def _jobs(self) -> AsyncJobService:  # type: ignore[override]  # as above
        with _building:
            return AsyncJobService(self.container.blocking_access.use_cases())

    @classmethod
    def from_config(
        cls, config: str | Path | Settings | ServiceContainer | None = None, **overrides: Any
    ) -> Self:
        """See `AsyncBackgroundJobService.from_config`."""
        return cls(container_for(config, overrides))

    def close(self) -> None:
        """See `AsyncBackgroundJobService.close`."""
        if "_jobs" in vars(self):
            super().close()
        release_server(self.container)


def release_server(container: ServiceContainer) -> None:
    """Let go of the embedded server where this process holds one."""
    if container.settings().jobs.provider == "embedded":
        container.embedded_server().release()
