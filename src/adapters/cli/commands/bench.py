"""`hexjobs bench`: what this machine does on the configured server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..output import Column, print_json, print_list, print_note

FIGURES = (
    ("submit_per_second", "submit_job, one by one", "/s"),
    ("submit_jobs_per_second", "submit_jobs, 1,000 in each", "/s"),
    ("drain_per_second", "jobs run", "/s"),
    ("start_p50_ms", "submit to start, p50", "ms"),
    ("start_p99_ms", "submit to start, p99", "ms"),
    ("bytes_per_waiting_job", "server's memory for a waiting job", "bytes"),
)
COLUMNS = (
    Column("FIGURE", lambda figure: figure["what"]),
    Column("", lambda figure: figure["value"], right=True),
    Column("", lambda figure: figure["unit"]),
)


@click.command()
@click.option(
    "--jobs",
    type=click.IntRange(100, 1_000_000),
    default=4000,
    show_default=True,
    metavar="N",
    help="Jobs that are submitted and run.",
)
@click.option(
    "-c",
    "--concurrency",
    "slots",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Jobs that run at the same time.",
)
@common_options
@click.pass_obj
def bench(invocation: Invocation, jobs: int, slots: int) -> ExitCode:
    """Measure submits and runs of jobs that do nothing, on the configured server.

    Everything happens in this one process and below a key prefix of its own: no job, queue or worker of yours is touched,
    and no key is left, also after Ctrl-C. The server has the work, though: think before you run it in production. What
    about the server's persistence endangers jobs is said after the figures.

    \b
    Examples:
      hexjobs bench
      hexjobs --config production.yaml bench --jobs 20000 --json
    """
    from ..logs import configure_logs

    prepared = invocation.prepare()
    configure_logs("warning", prepared.logging[1])  # the worker's coming and going is no news here
    found = prepared.bench(jobs=jobs, slots=slots)
    if invocation.as_json:
        print_json(found)
        return ExitCode.DONE
    print_list([_row(found, *figure) for figure in FIGURES], COLUMNS, as_json=False, what="figures")
    print_note(f"{found['jobs']:,} jobs in {found['slots']} slots of one process, on {found['store']}")
    for risk in found["risks"]:
        print_note(f"risk: {risk}")
    if not found["risks"]:
        print_note("persistence: every submit that is acknowledged survives the server")
    return ExitCode.DONE


def _row(found: Mapping[str, Any], name: str, what: str, unit: str) -> dict[str, str]:
    value = found[name]
    if value is None:
        return {"what": what, "value": "-", "unit": ""}
    return {"what": what, "value": f"{value:,.0f}" if value >= 100 else f"{value:.2f}", "unit": unit}
