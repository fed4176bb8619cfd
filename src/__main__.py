"""The command line: `python -m hexjobs` and the `hexjobs` script."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .supervisor import CHILD_VARIABLE

if TYPE_CHECKING:
    from .container import Container
    from .runtime import Duty
    from .service import BackgroundJobService
    from .settings import Settings
    from .supervisor.parent_link import ParentLink

SUPERVISED = ("run", "worker")
TAKES_VALUE = ("--config", "--app-dir")


class PreparedSettings:
    """One loaded configuration; the container is built at first need, so that a look at settings stays quick."""

    def __init__(self, settings: Settings, parent: ParentLink | None = None) -> None:
        self._settings = settings
        self._parent = parent

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
        container.scheduler()

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

    def bench(self, *, jobs: int, slots: int) -> Mapping[str, Any]:
        """See `Prepared.bench`."""
        from .bench.run_bench import run_bench

        return run_bench(self._settings, jobs=jobs, slots=slots)

    def serve(self, duty: str, *, burst: bool, on_started: Callable[[Mapping[str, Any]], None]) -> None:
        """See `Prepared.serve`."""
        from .runtime import Duty, Runtime, run

        self._check_processes(Duty(duty))
        container = self._container()
        if self._parent is not None:
            _keep_what_is_loaded()
        if self._settings.jobs.provider == "embedded":
            container.embedded_server().ensure()  # what keeps it from starting is said now, not by each role in turn

        async def serve() -> None:
            runtime = Runtime(container, Duty(duty), burst=burst, parent=self._parent)
            await runtime.serve(lambda started: on_started(started.describe()))

        run(serve)

    def _check_processes(self, duty: Duty) -> None:
        if not duty.runs_jobs or self._settings.jobs.worker_pool.processes == 1:
            return
        from .domain.errors import InvalidConfiguration, Problem

        message = None
        if self._settings.jobs.provider == "memory":
            message = "memory keeps jobs inside one process; use embedded or redis"
        elif self._parent is None:
            message = "more than 1 is for the hexjobs command, which is a process of its own"
        if message is not None:
            raise InvalidConfiguration([Problem("jobs.worker_pool.processes", message)])

    def _container(self) -> Container:
        from .container import Container

        return Container(settings=self._settings)


class CompositionRoot:
    """What the command line needs of the composition root; each part is imported when it is used.

    `parent` is the supervisor whose child this process is.
    """

    def __init__(self, parent: ParentLink | None = None) -> None:
        self._parent = parent

    def prepare(self, config: Path | None, overrides: Mapping[str, Any]) -> PreparedSettings:
        """See `Composition.prepare`."""
        from .settings import load_settings

        return PreparedSettings(load_settings(config, overrides=overrides), self._parent)

    def schema(self) -> dict[str, Any]:
        """See `Composition.schema`."""
        from .settings import settings_schema

        return settings_schema()

    def demo(self, *, keep_running: bool, as_json: bool, program: str) -> bool:
        """See `Composition.demo`."""
        from .demo.run_demo import run_demo

        return run_demo(keep_running=keep_running, as_json=as_json, program=program)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code.

    Without `arguments` it is that of this process, which becomes the supervisor of `run` and `worker`: a parent that
    loads nothing of what they are made of. With `arguments` everything happens in this process.
    """
    parent = None
    if arguments is None:
        arguments = sys.argv[1:]
        if CHILD_VARIABLE in os.environ:
            from .supervisor.parent_link import ParentLink

            gc.disable()  # imports leave next to no garbage, and looking for it is a tenth of a worker's start
            parent = ParentLink.from_environment()
        elif os.name == "posix" and _command(arguments) in SUPERVISED:
            from .supervisor.supervisor import supervise

            return supervise()
    from .adapters.cli.command_line import run_command_line

    code = run_command_line(CompositionRoot(parent), arguments)
    if parent is not None:
        parent.send("ended", code=code)
    return code


def _keep_what_is_loaded() -> None:
    """Have the garbage collector pass over all that the imports have made, which stays as long as the process, and go on."""
    gc.freeze()
    gc.enable()


def _command(arguments: Sequence[str]) -> str | None:
    """The command's name, which may come after options of all commands."""
    words = iter(arguments)
    for word in words:
        if word in TAKES_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


if __name__ == "__main__":
    sys.exit(main())
