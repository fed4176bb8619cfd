"""`hexjobs dead`: the dead letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ....domain.errors import IllegalTransition
from ....domain.status import JobStatus
from ..completions import complete_job_types, complete_queues
from ..confirmation import confirm
from ..each import act_on_each
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..job_columns import DEAD_COLUMNS
from ..output import print_list, print_note

if TYPE_CHECKING:
    from ....application.blocking_service import BlockingJobService

F = TypeVar("F", bound=Callable[..., Any])
ALL_OF_THEM = 1_000_000_000
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
    """Run dead letters again, with all their attempts: those named, or --all, or those of a --type or --queue.

    Without ids it tells how many there are and asks.

    \b
    Examples:
      hexjobs dead retry 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
      hexjobs dead retry --type email --yes
    """

    def retry(service: BlockingJobService, job_id: str) -> str:
        _require_dead(service, job_id)
        service.retry_job(job_id)
        return "retried"

    return _act(invocation, "Run {} again?", retry, **chosen)


@dead.command("delete")
@selection
@common_options
@click.pass_obj
def delete_dead(invocation: Invocation, /, **chosen: Any) -> ExitCode:
    """Delete dead letters for good: those named, or --all, or those of a --type or --queue.

    Without ids it tells how many there are and asks.

    \b
    Examples:
      hexjobs dead delete 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
      hexjobs dead delete --all --queue email
    """

    def delete(service: BlockingJobService, job_id: str) -> str:
        _require_dead(service, job_id)
        service.delete_job(job_id)
        return "deleted"

    return _act(invocation, "Delete {} for good?", delete, **chosen)


def _act(
    invocation: Invocation,
    question: str,
    act: Callable[[BlockingJobService, str], str],
    *,
    job_ids: Sequence[str],
    every: bool,
    queue: str | None,
    job_type: str | None,
    yes: bool,
) -> ExitCode:
    if job_ids and (every or queue or job_type):
        raise click.UsageError("give either ids, or --all, --queue and --type")
    if not (job_ids or every or queue or job_type):
        raise click.UsageError("say which ones: ids, or --all, --queue or --type")
    with invocation.jobs() as service:
        if not job_ids:
            found = service.find_jobs(
                status=JobStatus.FAILED, queue=queue, job_type=job_type, limit=ALL_OF_THEM
            )
            job_ids = [job.job_id for job in found]
            count = f"{len(job_ids)} dead letter{'s' if len(job_ids) != 1 else ''}"
            if job_ids and not confirm(question.format(count), yes=yes):
                print_note("nothing was changed")
                return ExitCode.FAILED
            if not job_ids:
                print_note("no dead letters")
        return act_on_each(job_ids, lambda job_id: act(service, job_id), as_json=invocation.as_json)


def _require_dead(service: BlockingJobService, job_id: str) -> None:
    status = service.get_job_status(job_id)
    if status is not JobStatus.FAILED:
        raise IllegalTransition(f"job {job_id!r} is no dead letter: it is {status}")
