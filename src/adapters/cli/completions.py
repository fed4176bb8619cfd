"""What the shell completes: the job types and queues of the configuration that would be used."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence

import click

from .composition import Prepared
from .invocation import Invocation


def complete_job_types(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The known job types that begin so."""
    return _beginning(context, incomplete, lambda prepared: prepared.job_types())


def complete_queues(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The configured queues that begin so."""
    return _beginning(context, incomplete, lambda prepared: prepared.queues())


def _beginning(
    context: click.Context, incomplete: str, names_of: Callable[[Prepared], Sequence[str]]
) -> list[str]:
    invocation = context.find_object(Invocation)
    # Whatever is wrong is said when the command runs; here a line would land in the middle of the one that is typed.
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        names = names_of(invocation.prepare()) if invocation else ()
        return sorted(name for name in names if name.startswith(incomplete))
    return []
