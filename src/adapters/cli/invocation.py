"""Invocation: one call of the command line, and the options that every command takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...domain.errors import InvalidConfiguration, Problem
from .composition import Composition, Prepared

if TYPE_CHECKING:
    from ...application.blocking_service import BlockingJobService

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Invocation:
    """What was asked for before and after the command's name, and the way to the composition root."""

    composition: Composition
    config: Path | None = None
    app_dir: Path | None = None
    as_json: bool = False
    with_traceback: bool = False

    def prepare(
        self, overrides: Mapping[str, Any] | None = None, *, handlers: Sequence[str] = ()
    ) -> Prepared:
        """Load the configuration, and log as it says; options that were not given (None) override nothing.

        Handler modules are found in `app_dir`, else in the working directory.
        """
        folder = str((self.app_dir or Path()).absolute())
        if folder not in sys.path:
            sys.path.insert(0, folder)
        given = {path: value for path, value in (overrides or {}).items() if value is not None}
        if handlers:
            given["jobs.handlers"] = list(handlers)
        prepared = self.composition.prepare(self.config, given)
        from .logs import configure_logs

        configure_logs(*prepared.logging)
        return prepared

    @contextmanager
    def jobs(self, *, handlers: Sequence[str] = ()) -> Iterator[BlockingJobService]:
        """The service; InvalidConfiguration where jobs would live and die with this process."""
        prepared = self.prepare(handlers=handlers)
        if not prepared.keeps_jobs:
            message = "memory keeps jobs inside one process, which this command is not part of; use embedded or redis"
            raise InvalidConfiguration([Problem("jobs.provider", message)])
        with prepared.jobs() as jobs:
            yield jobs


def common_options(command: F) -> F:
    """Add `--config`, `--app-dir`, `--json` and `--traceback`, which are taken before and after the command's name alike."""
    for decorate in (
        click.option(
            "--traceback",
            "with_traceback",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Show where an error came from.",
        ),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Print JSON.",
        ),
        click.option(
            "--app-dir",
            "app_dir",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            metavar="DIR",
            expose_value=False,
            callback=_remember,
            help="Where handler modules are; the working directory unless given.",
        ),
        click.option(
            "--config",
            "config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_remember,
            help="Configuration file; else HEXJOBS_CONFIG, else ./hexjobs.yaml, else the defaults.",
        ),
    ):
        command = decorate(command)
    return command


def handlers_option(command: F) -> F:
    """Add `--handlers`."""
    return click.option(
        "--handlers",
        multiple=True,
        metavar="MODULE",
        help="Module with handlers, in place of jobs.handlers; may be repeated.",
    )(command)


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name:
        invocation = context.find_object(Invocation)
        assert invocation is not None
        setattr(invocation, parameter.name, value)
