"""`run_command_line`: the `hexjobs` command, from its arguments to its exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from ...domain.errors import InvalidConfiguration, InvalidJob, JobError
from .composition import Composition
from .exit_code import ExitCode, exit_code_of
from .invocation import Invocation, common_options
from .lazy_group import LazyCommand, LazyGroup
from .output import print_error, print_note
from .terminal import prepare_streams

PROGRAM = "hexjobs"
COMPLETION_VARIABLE = "_HEXJOBS_COMPLETE"
COMMANDS = {
    "run": LazyCommand(
        ".commands.serve", "run", "Run jobs, fire schedules and serve HTTP: all in one process."
    ),
    "worker": LazyCommand(".commands.serve", "worker", "Run jobs and fire schedules."),
    "server": LazyCommand(".commands.serve", "server", "Serve HTTP alone: health and metrics."),
    "submit": LazyCommand(".commands.submit", "submit", "Submit one job and print its id."),
    "jobs": LazyCommand(
        ".commands.jobs", "jobs", "Look at jobs, ask why one waits, move them, cancel them, run them again."
    ),
    "queues": LazyCommand(
        ".commands.queues", "queues", "Look at queues, pause them, resume them, empty them."
    ),
    "workers": LazyCommand(".commands.workers", "workers", "Look at workers."),
    "dead": LazyCommand(".commands.dead", "dead", "Look at dead letters, run them again, delete them."),
    "schedules": LazyCommand(".commands.schedules", "schedules", "Keep recurring jobs."),
    "fsck": LazyCommand(
        ".commands.fsck", "fsck", "Check that every job is in exactly one place, and repair what is not."
    ),
    "health": LazyCommand(
        ".commands.health",
        "health",
        "Ask a running process whether it is well, and what about its server endangers jobs.",
    ),
    "config": LazyCommand(".commands.config", "config", "Check and show the configuration."),
    "demo": LazyCommand(
        ".commands.demo", "demo", "See real jobs of every kind run, and each effect checked."
    ),
    "bench": LazyCommand(
        ".commands.bench",
        "bench",
        "Measure submits and runs of jobs that do nothing, on the configured server.",
    ),
    "completion": LazyCommand(
        ".commands.completion", "completion", "Print a script that completes commands in a shell."
    ),
}


@click.group(
    PROGRAM,
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`hexjobs COMMAND --help` explains a command and shows an example.",
)
@common_options
@click.version_option(
    None, "--version", package_name="hexjobs", prog_name=PROGRAM, message="%(prog)s %(version)s"
)
def root() -> None:
    """Background jobs for Python that survive a kill -9.

    \b
    Begin with:
      hexjobs demo
      hexjobs run
      hexjobs submit email '{"email_type": "welcome", "to": "user@example.com", "username": "John"}'

    Exit codes: 0 done, 1 failed, 2 bad input or configuration, 3 not found, 4 server out of reach. Data goes to standard
    output, everything else to standard error.
    """


def run_command_line(composition: Composition, arguments: Sequence[str]) -> int:
    """Run one command; its exit code. Raises nothing: errors become lines on standard error."""
    prepare_streams()
    invocation = Invocation(composition)
    asked = os.environ.get(COMPLETION_VARIABLE)
    if asked:
        from click.shell_completion import shell_complete

        return shell_complete(root, {"obj": invocation}, PROGRAM, COMPLETION_VARIABLE, asked)
    try:
        status = _run(invocation, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered has nowhere to go, and must not be tried again when the interpreter ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OUTPUT_CLOSED
    return status


def _run(invocation: Invocation, arguments: Sequence[str]) -> int:
    try:
        with root.make_context(PROGRAM, list(arguments), obj=invocation) as context:
            return int(root.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.INVALID
    except (click.Abort, KeyboardInterrupt, EOFError):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the outermost place: nobody else could say it
        return _report(error, with_traceback=invocation.with_traceback)


def _report(error: Exception, *, with_traceback: bool) -> int:
    if with_traceback:
        print_note("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, (InvalidJob, InvalidConfiguration)):
        for problem in error.problems:
            print_error(str(problem))
    elif isinstance(error, JobError):
        print_error(str(error))
    else:
        hint = "" if with_traceback else " (--traceback shows where)"
        print_error(f"{type(error).__name__}: {error}{hint}")
    return exit_code_of(error)
