"""`hexjobs run`, `hexjobs worker`, `hexjobs server`: processes that stay."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ..invocation import Invocation, common_options, handlers_option
from ..output import print_note

F = TypeVar("F", bound=Callable[..., Any])
FACTS = ("store", "queues", "handlers", "slots", "processes", "http")


def worker_options(command: F) -> F:
    """Add what processes that run jobs take."""
    for decorate in (
        click.option("--burst", is_flag=True, help="Leave when no job is left to run now."),
        handlers_option,
        click.option(
            "--processes",
            type=int,
            metavar="N",
            help="Child processes, each with its own slots; else jobs.worker_pool.processes.",
        ),
        click.option(
            "-c",
            "--concurrency",
            type=int,
            metavar="N",
            help="Jobs that each process runs at the same time; else worker_count.",
        ),
        click.option(
            "-Q", "--queues", metavar="A,B", help="Queues to take jobs from, separated by commas; else all."
        ),
    ):
        command = decorate(command)
    return command


def address_options(command: F) -> F:
    """Add where HTTP is served."""
    for decorate in (
        click.option(
            "--port", type=int, metavar="PORT", help="Port for HTTP, 0 for any free one; else http.port."
        ),
        click.option("--host", metavar="HOST", help="Address for HTTP; else http.host."),
    ):
        command = decorate(command)
    return command


@click.command()
@worker_options
@address_options
@common_options
@click.pass_obj
def run(invocation: Invocation, /, **options: Any) -> None:
    """Run jobs, fire schedules and serve HTTP: all in one process.

    Stops gracefully on SIGTERM and Ctrl-C: takes no new jobs, lets the running ones finish for
    jobs.worker_pool.shutdown_timeout, and gives the rest back without spending an attempt. A second signal gives them
    back at once. The port must be free.

    \b
    Examples:
      hexjobs run
      hexjobs run --handlers myapp.jobs --concurrency 20 --port 9000
    """
    _serve(invocation, "run", **options)


@click.command()
@worker_options
@address_options
@common_options
@click.pass_obj
def worker(invocation: Invocation, /, **options: Any) -> None:
    """Run jobs and fire schedules.

    Live, ready and metrics are served on the next free port from http.port on. Start as many workers as you like, on
    as many machines. Stops like `hexjobs run`.

    \b
    Examples:
      hexjobs worker --queues email,default
      hexjobs worker --handlers myapp.jobs --burst
    """
    _serve(invocation, "worker", **options)


@click.command()
@address_options
@common_options
@click.pass_obj
def server(invocation: Invocation, /, **options: Any) -> None:
    """Serve HTTP alone: health and metrics.

    The port must be free. Runs no job.

    \b
    Example:
      hexjobs server --port 9000
    """
    _serve(invocation, "server", **options)


def _serve(
    invocation: Invocation,
    duty: str,
    *,
    host: str | None,
    port: int | None,
    queues: str | None = None,
    concurrency: int | None = None,
    processes: int | None = None,
    handlers: tuple[str, ...] = (),
    burst: bool = False,
) -> None:
    overrides = {
        "jobs.worker_pool.queues": queues,
        "jobs.worker_pool.worker_count": concurrency,
        "jobs.worker_pool.processes": processes,
        "http.host": host,
        "http.port": port,
    }
    prepared = invocation.prepare(overrides, handlers=handlers)
    _, log_format = prepared.logging

    def tell(facts: Mapping[str, Any]) -> None:
        from ..logs import is_console

        facts = {"store": facts["provider"], **facts}
        if invocation.as_json or not is_console(log_format, sys.stderr):
            _log_facts(duty, facts)
        else:
            _show_facts(duty, facts)

    prepared.serve(duty, burst=burst, on_started=tell)


def _show_facts(duty: str, facts: Mapping[str, Any]) -> None:
    lines = [f"hexjobs {duty}"]
    for name in FACTS:
        value = facts.get(name)
        if value is not None:
            lines.append(f"  {name:<9} {', '.join(value) if isinstance(value, list) else value}")
    print_note("\n".join(lines))


def _log_facts(duty: str, facts: Mapping[str, Any]) -> None:
    """One log line, whatever the level: between lines of JSON, a table would break who reads them."""
    log = logging.getLogger("hexjobs.cli")
    log.setLevel(logging.INFO)
    log.info("started", extra={"duty": duty, **{name: facts[name] for name in FACTS if name in facts}})
