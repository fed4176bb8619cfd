"""`hexjobs schedules next` and `history`: when a schedule will be due, and what became of its instants."""

from __future__ import annotations

import click

from ..invocation import Invocation, common_options
from ..output import Column, print_json, print_list, print_note
from ..schedule_documents import coming_document, description_of, ledger_document

COMING = (
    Column("LOCAL", lambda coming: coming["local"]),
    Column("UTC", lambda coming: coming["instant"]),
    Column("DUE", lambda coming: coming["due"]),
    Column("CLOCK CHANGE", lambda coming: coming["change"]),
)
LEDGER = (
    Column("INSTANT", lambda entry: entry["instant"]),
    Column("OUTCOME", lambda entry: entry["outcome"]),
    Column("AT", lambda entry: entry["at"]),
    Column("COUNT", lambda entry: entry["count"], right=True),
    Column("JOB ID", lambda entry: entry["job_id"]),
)


@click.command("next")
@click.argument("name")
@click.option(
    "-n", "most", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N", help="How many."
)
@common_options
@click.pass_obj
def coming_instants(invocation: Invocation, name: str, most: int) -> None:
    """Show the coming instants of a schedule, on the local clock of its zone and in UTC.

    DUE is when the job is due, jitter included. CLOCK CHANGE marks instants at a change of the clock: gap, the instant
    stands for a local time that was skipped; overlap, its local time exists twice. A paused schedule is shown as if it
    went on.

    \b
    Examples:
      hexjobs schedules next nightly
      hexjobs schedules next nightly -n 30
    """
    with invocation.jobs() as service:
        entry = service.get_schedule(name)
        instants = service.coming_instants(name, most)
    documents = [coming_document(coming) for coming in instants]
    description = description_of(entry)
    if invocation.as_json:
        print_json(
            {
                "name": name,
                "description": description,
                "timezone": entry.timezone,
                "paused": entry.paused,
                "instants": documents,
            }
        )
        return
    print_note(f"{description}{' (paused)' if entry.paused else ''}")
    print_list(documents, COMING, as_json=False, what="coming instants")


@click.command("history")
@click.argument("name")
@click.option(
    "-n", "most", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="How many."
)
@common_options
@click.pass_obj
def show_history(invocation: Invocation, name: str, most: int) -> None:
    """Show what became of the latest instants of a schedule, the latest first, in UTC.

    OUTCOME is fired, skipped (JOB ID is the job in the way), queued (it waits for that job), missed (COUNT instants up to
    this one were found too late) or triggered (by hand). AT is when that was settled, by the store's clock.

    \b
    Examples:
      hexjobs schedules history nightly
      hexjobs schedules history nightly -n 100 --json
    """
    with invocation.jobs() as service:
        entries = service.schedule_history(name, most)
    print_list(
        [ledger_document(entry) for entry in entries], LEDGER, as_json=invocation.as_json, what="history"
    )
