"""`job_options`: the options of a job that `submit` and `schedules add` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ...domain.priority import JobPriority
from .completions import complete_queues

F = TypeVar("F", bound=Callable[..., Any])


def job_options(command: F) -> F:
    """Add `--queue`, `--priority`, `--max-retries` and `--timeout`; each is None where it was not given."""
    for decorate in (
        click.option("--timeout", metavar="DURATION", help='How long one run may take; "none" for no limit.'),
        click.option("--max-retries", type=int, metavar="N", help="Runs after a failed first one."),
        click.option(
            "--priority",
            type=click.Choice([level.word for level in JobPriority]),
            help="Level; else the handler's, else normal.",
        ),
        click.option(
            "--queue",
            metavar="NAME",
            shell_complete=complete_queues,
            help="Queue; else the handler's, else default.",
        ),
    ):
        command = decorate(command)
    return command
