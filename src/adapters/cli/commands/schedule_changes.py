"""`hexjobs schedules add` and `edit`: making and changing recurring jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..completions import complete_job_types
from ..invocation import Invocation, common_options, handlers_option
from ..job_options import job_options
from ..output import print_data, print_json, print_note
from ..payload_argument import read_payload
from ..plan_options import other_options, plan_options, read_plan
from ..schedule_documents import schedule_document

if TYPE_CHECKING:
    from ....ports.schedule_entry import ScheduleEntry

UNIQUE_KEY = click.option(
    "--unique-key",
    metavar="KEY",
    help="At most one unfinished job has this key; else the instant is skipped.",
)


@click.command("add")
@click.argument("name")
@click.argument("job_type", metavar="TYPE", shell_complete=complete_job_types)
@click.argument("payload", metavar="[JSON]", default="{}")
@plan_options
@job_options
@UNIQUE_KEY
@handlers_option
@common_options
@click.pass_obj
def add_schedule(
    invocation: Invocation,
    /,
    name: str,
    job_type: str,
    payload: str,
    handlers: Sequence[str],
    **options: Any,
) -> None:
    """Submit such a job at every instant of a cron expression or an interval.

    A schedule of the same name is replaced; what became of it so far stays. The payload is given as to `hexjobs submit`,
    and checked now. What the expression means is said in plain language, with the next instant.

    \b
    Examples:
      hexjobs schedules add nightly data_cleanup '{"root": "temporary", "older_than_hours": 24, "dry_run": false}' \\
        --cron "0 2 * * *" --timezone Europe/Berlin --exclude 2026-12-25 --overlap skip
      hexjobs schedules add refresh refresh_cache --every 90s --jitter 5s --misfire skip --handlers myapp.jobs
    """
    with invocation.jobs(handlers=handlers) as service:
        entry = service.schedule_recurring(
            name,
            job_type,
            read_payload(payload),
            source="cli",
            **read_plan(options),
            **other_options(options),
        )
    _tell(invocation, entry, "added")


@click.command("edit")
@click.argument("name")
@click.argument("payload", metavar="[JSON]", required=False)
@plan_options
@job_options
@UNIQUE_KEY
@handlers_option
@common_options
@click.pass_obj
def edit_schedule(
    invocation: Invocation,
    /,
    name: str,
    payload: str | None,
    handlers: Sequence[str],
    **options: Any,
) -> None:
    """Change what is given of a schedule, and leave the rest. "none" takes a bound away.

    `--cron` takes the place of an interval, and `--every` that of an expression. With other instants the schedule goes on
    from now. A schedule of the configuration stays as edited until `schedules_revision` rises.

    \b
    Examples:
      hexjobs schedules edit nightly --cron "30 3 * * *" --exclude none
      hexjobs schedules edit nightly '{"root": "temporary", "older_than_hours": 48, "dry_run": false}'
    """
    changes = {**read_plan(options), **other_options(options)}
    if payload is None and not changes:
        raise click.UsageError("nothing to change was given; --help lists what can be")
    with invocation.jobs(handlers=handlers) as service:
        given = None if payload is None else read_payload(payload)
        entry = service.edit_schedule(name, payload=given, **changes)
    _tell(invocation, entry, "edited")


def _tell(invocation: Invocation, entry: ScheduleEntry, outcome: str) -> None:
    document = schedule_document(entry)
    if invocation.as_json:
        print_json({"name": entry.name, "outcome": outcome, **document})
        return
    print_data(f"{entry.name}\t{outcome}")
    print_note(f"{document['description']}\nnext: {document['next_due'] or 'never, it has ended'}")
