"""`hexjobs schedules`: recurring jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ..completions import complete_job_types
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options, handlers_option
from ..job_options import job_options
from ..output import Column, print_data, print_json, print_list
from ..payload_argument import read_payload

if TYPE_CHECKING:
    from ....ports.schedule_store import ScheduleEntry

COLUMNS = (
    Column("SCHEDULE", lambda entry: entry["name"]),
    Column("TYPE", lambda entry: entry["type"]),
    Column("CRON", lambda entry: entry["cron"]),
    Column("TIMEZONE", lambda entry: entry["timezone"]),
    Column("NEXT", lambda entry: entry["next_due"]),
    Column("LAST", lambda entry: entry["last_fired"]),
    Column("PAUSED", lambda entry: "paused" if entry["paused"] else None),
)


@click.group()
@common_options
def schedules() -> None:
    """Keep recurring jobs."""


@schedules.command("list")
@common_options
@click.pass_obj
def list_schedules(invocation: Invocation) -> None:
    """List the recurring schedules, with the next instant of each, in UTC.

    \b
    Example:
      hexjobs schedules list
    """
    with invocation.jobs() as service:
        entries = service.list_schedules()
    documents = [_document(entry) for entry in entries]
    print_list(documents, COLUMNS, as_json=invocation.as_json, what="schedules")


@schedules.command("add")
@click.argument("name")
@click.argument("job_type", metavar="TYPE", shell_complete=complete_job_types)
@click.argument("payload", metavar="[JSON]", default="{}")
@click.option(
    "--cron", required=True, metavar="EXPRESSION", help='Five fields such as "0 2 * * *", or @daily.'
)
@click.option(
    "--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA zone of the expression."
)
@job_options
@handlers_option
@common_options
@click.pass_obj
def add_schedule(
    invocation: Invocation,
    /,
    name: str,
    job_type: str,
    payload: str,
    cron: str,
    timezone: str,
    handlers: Sequence[str],
    **options: Any,
) -> None:
    """Submit such a job at every instant of a cron expression; a schedule of the same name is replaced.

    The payload is given as to `hexjobs submit`, and checked now.

    \b
    Example:
      hexjobs schedules add nightly data_cleanup '{"root": "temporary", "older_than_hours": 24, "dry_run": false}' \\
        --cron "0 2 * * *" --timezone Europe/Berlin
    """
    with invocation.jobs(handlers=handlers) as service:
        service.schedule_recurring(
            name, job_type, read_payload(payload), cron=cron, timezone=timezone, **options
        )
    _tell(invocation, name, "added")


@schedules.command("remove")
@click.argument("name")
@common_options
@click.pass_obj
def remove_schedule(invocation: Invocation, name: str) -> ExitCode:
    """Forget a recurring schedule. Jobs that it has made stay.

    \b
    Example:
      hexjobs schedules remove nightly
    """
    with invocation.jobs() as service:
        service.remove_schedule(name)
    _tell(invocation, name, "removed")
    return ExitCode.DONE


def _tell(invocation: Invocation, name: str, outcome: str) -> None:
    if invocation.as_json:
        print_json({"name": name, "outcome": outcome})
    else:
        print_data(f"{name}\t{outcome}")


def _document(entry: ScheduleEntry) -> dict[str, Any]:
    from ....ports.envelope import MalformedEnvelope, decode_envelope

    try:
        job_type = decode_envelope(bytes(entry.envelope)).type
    except MalformedEnvelope:
        job_type = "?"
    return {
        "name": entry.name,
        "type": job_type,
        "cron": entry.cron,
        "timezone": entry.timezone,
        "next_due": _instant(entry.next_due),
        "last_fired": _instant(entry.last_fired),
        "paused": entry.paused,
    }


def _instant(milliseconds: int | None) -> str | None:
    return (
        None
        if milliseconds is None
        else f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
