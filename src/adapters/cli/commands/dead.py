"""`hexjobs dead`: the dead letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import click

from ....domain.status import JobStatus
from ..completions import complete_job_types, complete_queues
from ..confirmation import confirm
from ..dead_letter_acts import act_on_dead_letters
from ..durations import read_duration
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..job_columns import DEAD_COLUMNS
from ..output import print_list, print_note

F = TypeVar("F", bound=Callable[..., Any])
QUEUE = click.option(
    "--queue", metavar="NAME", shell_complete=complete_queues, help="Only those of this queue."
)
TYPE = click.option(
    "--type",
    "job_type",
    metavar="TYPE",
    shell_complete=complete_job_types,
    help="Only those of this job type.",
)


@click.group()
@common_options
def dead() -> None:
    """Look at dead letters, run them again, delete them."""


@dead.command("list")
@QUEUE
@TYPE
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="Most to list."
)
@click.option(
    "--offset", type=click.IntRange(0), default=0, metavar="N", help="Jobs to leave out at the beginning."
)
@common_options
@click.pass_obj
def list_dead(
    invocation: Invocation, queue: str | None, job_type: str | None, limit: int, offset: int
) -> None:
    """List dead letters: jobs that failed for good, the latest first.

    A table on a terminal; else one line for each, its values between tabs: id, type, queue, run, when it died, reason,
    the last line of its error. `hexjobs jobs show ID` has the whole error.

    \b
    Example:
      hexjobs dead list --type email
    """
    with invocation.jobs() as service:
        found = service.find_jobs(
            status=JobStatus.FAILED, queue=queue, job_type=job_type, limit=limit, offset=offset
        )
    documents = [job.to_dict() for job in found]
    print_list(documents, DEAD_COLUMNS, as_json=invocation.as_json, what="dead letters")


def selection(command: F) -> F:
    """Add which dead letters are meant."""
    for decorate in (
        click.option("-y", "--yes", is_flag=True, help="Go on without asking."),
        click.option(
            "--older-than",
            "--age",
            "older_than",
            metavar="DURATION",
            callback=read_duration,
            help="Only those that died longer ago, such as 7d.",
        ),
        TYPE,
        QUEUE,
        click.option("--all", "every", is_flag=True, help="All dead letters."),
        click.argument("job_ids", metavar="[ID]...", nargs=-1),
    ):
        command = decorate(command)
    return command


@dead.command("retry")
@selection
@common_options
@click.pass_obj
def retry_dead(invocation: Invocation, /, **chosen: Any) -> ExitCode:
    """Run dead letters again, with all their attempts: those named, or --all, or those of a --type, --queue or age.

    Without ids it tells how many there are and asks; --json tells the counts then. They wait in the order in which they
    died.

    \b
    Examples:
      hexjobs dead retry 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
      hexjobs dead retry --type email --yes
    """
    return _act(invocation, "Run {} again?", "retried", **chosen)


@dead.command("delete")
@selection
@common_options
@click.pass_obj
def delete_dead(invocation: Invocation, /, **chosen: Any) -> ExitCode:
    """Delete dead letters for good: those named, or --all, or those of a --type, --queue or age.

    Without ids it tells how many there are and asks; --json tells the counts then.

    \b
    Examples:
      hexjobs dead delete 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
      hexjobs dead delete --all --queue email
      hexjobs dead delete --older-than 30d --yes
    """
    return _act(invocation, "Delete {} for good?", "deleted", **chosen)


def _act(
    invocation: Invocation,
    question: str,
    outcome: str,
    *,
    job_ids: Sequence[str],
    every: bool,
    queue: str | None,
    job_type: str | None,
    older_than: timedelta | None,
    yes: bool,
) -> ExitCode:
    is_selection = every or bool(queue or job_type) or older_than is not None
    if job_ids and is_selection:
        raise click.UsageError("give either ids, or --all, --queue, --type and --older-than")
    if not job_ids and not is_selection:
        raise click.UsageError("say which ones: ids, or --all, --queue, --type or --older-than")
    with invocation.jobs() as service:
        if is_selection:
            job_ids = service.select_dead_letters(queue=queue, job_type=job_type, older_than=older_than)
            count = f"{len(job_ids)} dead letter{'s' if len(job_ids) != 1 else ''}"
            if not job_ids:
                print_note("no dead letters")
            elif not confirm(question.format(count), yes=yes):
                print_note("nothing was changed")
                return ExitCode.FAILED
        act = service.retry_dead_letters if outcome == "retried" else service.delete_dead_letters
        return act_on_dead_letters(
            service, job_ids, act, outcome, as_json=invocation.as_json, counts=is_selection
        )
