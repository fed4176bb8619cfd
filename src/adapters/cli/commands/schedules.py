"""`hexjobs schedules`: looking at recurring jobs, pausing, resuming, triggering and removing them."""

from __future__ import annotations

import click

from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..output import Column, print_data, print_json, print_list
from ..schedule_documents import schedule_document
from .schedule_changes import add_schedule, edit_schedule
from .schedule_instants import coming_instants, show_history

COLUMNS = (
    Column("SCHEDULE", lambda entry: entry["name"]),
    Column("TYPE", lambda entry: entry["type"]),
    Column("WHEN", lambda entry: entry["when"]),
    Column("TIMEZONE", lambda entry: entry["timezone"]),
    Column("NEXT", lambda entry: entry["next_due"]),
    Column("LAST", lambda entry: entry["last_fired"]),
    Column("FIRED", lambda entry: entry["fired"], right=True),
    Column("SKIPPED", lambda entry: entry["skipped"], right=True),
    Column("MISSED", lambda entry: entry["missed"], right=True),
    Column("STATE", lambda entry: entry["state"]),
)


@click.group()
@common_options
def schedules() -> None:
    """Keep recurring jobs."""


@schedules.command("list")
@common_options
@click.pass_obj
def list_schedules(invocation: Invocation) -> None:
    """List the recurring schedules, with the next and the last instant of each, in UTC.

    FIRED, SKIPPED (an earlier job had not ended, or another held the unique key) and MISSED (found too late) are counts of
    instants. STATE is active, paused by hand, paused by the configuration (it is there no more), queued (an instant waits
    for an earlier job) or ended.

    \b
    Examples:
      hexjobs schedules list
      hexjobs schedules list --json
    """
    with invocation.jobs() as service:
        entries = service.list_schedules()
    print_list(
        [schedule_document(entry) for entry in entries], COLUMNS, as_json=invocation.as_json, what="schedules"
    )


schedules.add_command(add_schedule)
schedules.add_command(edit_schedule)


@schedules.command("remove")
@click.argument("name")
@common_options
@click.pass_obj
def remove_schedule(invocation: Invocation, name: str) -> ExitCode:
    """Forget a recurring schedule and its history. Jobs that it has made stay.

    One of the configuration comes back when `schedules_revision` rises: take it out there too.

    \b
    Example:
      hexjobs schedules remove nightly
    """
    with invocation.jobs() as service:
        service.remove_schedule(name)
    return _tell(invocation, name, "removed")


@schedules.command("pause")
@click.argument("name")
@common_options
@click.pass_obj
def pause_schedule(invocation: Invocation, name: str) -> ExitCode:
    """Let a schedule fire no more until it is resumed. It can still be triggered.

    It holds over restarts of everything, and when the schedule is changed.

    \b
    Example:
      hexjobs schedules pause nightly
    """
    with invocation.jobs() as service:
        service.pause_schedule(name)
    return _tell(invocation, name, "paused")


@schedules.command("resume")
@click.argument("name")
@common_options
@click.pass_obj
def resume_schedule(invocation: Invocation, name: str) -> ExitCode:
    """Let a paused schedule go on from now. Nothing of the pause is made up for.

    \b
    Example:
      hexjobs schedules resume nightly
    """
    with invocation.jobs() as service:
        service.resume_schedule(name)
    return _tell(invocation, name, "resumed")


@schedules.command("trigger")
@click.argument("name")
@common_options
@click.pass_obj
def trigger_schedule(invocation: Invocation, name: str) -> ExitCode:
    """Make the job of a schedule now, beside its timetable, and print the job's id. A paused one does it too.

    \b
    Example:
      hexjobs schedules trigger nightly
    """
    with invocation.jobs() as service:
        job_id = service.trigger_schedule(name)
    if invocation.as_json:
        print_json({"name": name, "outcome": "triggered", "job_id": job_id})
    else:
        print_data(job_id)
    return ExitCode.DONE


schedules.add_command(coming_instants)
schedules.add_command(show_history)


def _tell(invocation: Invocation, name: str, outcome: str) -> ExitCode:
    if invocation.as_json:
        print_json({"name": name, "outcome": outcome})
    else:
        print_data(f"{name}\t{outcome}")
    return ExitCode.DONE
