"""BackgroundJobService and AsyncBackgroundJobService: what application code submits jobs with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from .application.async_service import AsyncJobService
from .application.blocking import drive
from .application.blocking_service import BlockingJobService
from .container import Container
from .settings import Settings, find_config, load_settings


def container_for(
    config: str | Path | Settings | Container | None, overrides: Mapping[str, Any]
) -> Container:
    """A container over a configuration file's path, settings, or nothing (the file that is found, or the defaults)."""
    if isinstance(config, Container):
        return config
    if isinstance(config, Settings):
        return Container(settings=config)
    path = find_config(None if config is None else Path(config))
    return Container(settings=load_settings(path, overrides=overrides))


class AsyncBackgroundJobService(AsyncJobService):
    """Submit, look up, cancel, retry, schedule and wait for jobs, from tasks of an event loop.

    `async with` closes the connections at the end; it is optional.
    """

    def __init__(self, container: Container) -> None:
        super().__init__(container.access.use_cases())
        self.container = container

    @classmethod
    def from_config(cls, config: str | Path | Settings | Container | None = None, **overrides: Any) -> Self:
        """From a YAML file (`HEXJOBS_CONFIG` or `./hexjobs.yaml` when None), with environment and overrides on top.

        InvalidConfiguration lists everything that is wrong with it. Connects at the first call.
        """
        return cls(container_for(config, overrides))

    async def close(self) -> None:
        """Close the connections, and let go of the embedded server; a later call opens new ones."""
        await super().close()
        release_server(self.container)


class BackgroundJobService(BlockingJobService):
    """Submit, look up, cancel, retry, schedule and wait for jobs, from threads; also from those of a forked child.

    `with` closes the connections at the end; it is optional. Inside a running event loop, where it would block, its
    methods raise RuntimeError and name AsyncBackgroundJobService.
    """

    def __init__(self, container: Container) -> None:
        super().__init__(AsyncJobService(container.blocking_access.use_cases()), drive)
        self.container = container

    @classmethod
    def from_config(cls, config: str | Path | Settings | Container | None = None, **overrides: Any) -> Self:
        """See `AsyncBackgroundJobService.from_config`."""
        return cls(container_for(config, overrides))

    def close(self) -> None:
        """See `AsyncBackgroundJobService.close`."""
        super().close()
        release_server(self.container)


def release_server(container: Container) -> None:
    """Let go of the embedded server where this process holds one."""
    if container.settings().jobs.provider == "embedded":
        container.embedded_server().release()
