"""The command line: `python -m hexjobs` and the `hexjobs` script."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .adapters.cli.command_line import run_command_line

if TYPE_CHECKING:
    from .container import Container
    from .service import BackgroundJobService
    from .settings import Settings


class PreparedSettings:
    """One loaded configuration; the container is built at first need, so that a look at settings stays quick."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def file(self) -> Path | None:
        """See `Prepared.file`."""
        return self._settings.file

    @property
    def keeps_jobs(self) -> bool:
        """See `Prepared.keeps_jobs`."""
        return self._settings.jobs.provider != "memory"

    @property
    def logging(self) -> tuple[str, str]:
        """See `Prepared.logging`."""
        return self._settings.logging.level, self._settings.logging.format

    @property
    def http_address(self) -> tuple[str, int]:
        """See `Prepared.http_address`."""
        return self._settings.http.host, self._settings.http.port

    def values(self) -> dict[str, Any]:
        """See `Prepared.values`."""
        from .settings import dump_settings

        return dump_settings(self._settings)

    def origins(self) -> dict[str, str]:
        """See `Prepared.origins`."""
        from .settings import origins

        return {path: str(origin) for path, origin in origins(self._settings).items()}

    def check(self) -> None:
        """See `Prepared.check`."""
        container = self._container()
        container.registry()
        container.fetch()

    def job_types(self) -> Sequence[str]:
        """See `Prepared.job_types`."""
        return list(self._container().validator().job_types)

    def queues(self) -> Sequence[str]:
        """See `Prepared.queues`."""
        return list(self._container().validator().queues)

    @contextmanager
    def jobs(self) -> Iterator[BackgroundJobService]:
        """See `Prepared.jobs`."""
        from .service import BackgroundJobService

        with BackgroundJobService(self._container()) as jobs:
            yield jobs

    def serve(self, duty: str, *, burst: bool, on_started: Callable[[Mapping[str, Any]], None]) -> None:
        """See `Prepared.serve`."""
        from .runtime import Duty, Runtime, run

        container = self._container()
        if self._settings.jobs.provider == "embedded":
            container.embedded_server().ensure()  # what keeps it from starting is said now, not by each role in turn

        async def serve() -> None:
            runtime = Runtime(container, Duty(duty), burst=burst)
            await runtime.serve(lambda started: on_started(started.describe()))

        run(serve)

    def _container(self) -> Container:
        from .container import Container

        return Container(settings=self._settings)


class CompositionRoot:
    """What the command line needs of the composition root; each part is imported when it is used."""

    def prepare(self, config: Path | None, overrides: Mapping[str, Any]) -> PreparedSettings:
        """See `Composition.prepare`."""
        from .settings import load_settings

        return PreparedSettings(load_settings(config, overrides=overrides))

    def schema(self) -> dict[str, Any]:
        """See `Composition.schema`."""
        from .settings import settings_schema

        return settings_schema()

    def demo(self, *, keep_running: bool, as_json: bool, program: str) -> bool:
        """See `Composition.demo`."""
        from .demo.run_demo import run_demo

        return run_demo(keep_running=keep_running, as_json=as_json, program=program)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code."""
    return run_command_line(CompositionRoot(), sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
