"""`hexjobs jobs`: looking at jobs and acting on them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ....domain.status import JobStatus
from ..completions import complete_job_types, complete_queues
from ..each import act_on_each
from ..exit_code import ExitCode
from ..explanation import print_explanation
from ..invocation import Invocation, common_options
from ..job_columns import JOB_COLUMNS
from ..job_document import job_document
from ..output import print_details, print_list


@click.group()
@common_options
def jobs() -> None:
    """Look at jobs, ask why one waits, move them, cancel them, run them again."""


@jobs.command("list")
@click.option(
    "--status", type=click.Choice([status.value for status in JobStatus]), help="Only jobs in this state."
)
@click.option("--queue", metavar="NAME", shell_complete=complete_queues, help="Only jobs of this queue.")
@click.option(
    "--type", "job_type", metavar="TYPE", shell_complete=complete_job_types, help="Only jobs of this type."
)
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="Most jobs to list."
)
@click.option(
    "--offset", type=click.IntRange(0), default=0, metavar="N", help="Jobs to leave out at the beginning."
)
@common_options
@click.pass_obj
def list_jobs(
    invocation: Invocation,
    status: str | None,
    queue: str | None,
    job_type: str | None,
    limit: int,
    offset: int,
) -> None:
    """List jobs.

    A table on a terminal; else one line for each job, its values between tabs: id, type, queue, priority, status, run,
    when it was made, reason.

    \b
    Examples:
      hexjobs jobs list --status retrying
      hexjobs jobs list --queue email --limit 20 --json
    """
    with invocation.jobs() as service:
        found = service.find_jobs(status=status, queue=queue, job_type=job_type, limit=limit, offset=offset)
    documents = [job.to_dict() for job in found]
    print_list(documents, JOB_COLUMNS, as_json=invocation.as_json, what="jobs")


@jobs.command("show")
@click.argument("job_id", metavar="ID")
@common_options
@click.pass_obj
def show_job(invocation: Invocation, job_id: str) -> None:
    """Show one job, with its payload, its result and its last error.

    \b
    Example:
      hexjobs jobs show 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
    """
    with invocation.jobs() as service:
        job = service.get_job(job_id)
    print_details(job_document(job), as_json=invocation.as_json)


@jobs.command("why")
@click.argument("job_id", metavar="ID")
@common_options
@click.pass_obj
def explain_job(invocation: Invocation, job_id: str) -> None:
    """Say why a job is not running, and what is known of its way so far.

    It may have ended, run, wait for a time, or wait in its queue: which is paused, or which no live worker takes from,
    or which has other jobs before it. With --json each reason has a stable code.

    \b
    Example:
      hexjobs jobs why 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
    """
    with invocation.jobs() as service:
        explanation = service.why(job_id)
    print_explanation(explanation, as_json=invocation.as_json)


@jobs.command("cancel")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@common_options
@click.pass_obj
def cancel_jobs(invocation: Invocation, job_ids: Sequence[str]) -> ExitCode:
    """Cancel jobs.

    A waiting job is cancelled at once; a running one is asked to end. One that has finished stays as it is, and the
    exit code is 1 then.

    \b
    Example:
      hexjobs jobs cancel 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
    """
    with invocation.jobs() as service:

        def cancel(job_id: str) -> str:
            return "cancelled" if service.cancel_job(job_id) else "finished"

        return act_on_each(job_ids, cancel, as_json=invocation.as_json, failed=("finished",))


@jobs.command("move")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--delay", metavar="DURATION", help='Start after this long, such as "90s" or "1h30m".')
@click.option(
    "--at", "scheduled_at", metavar="INSTANT", help="Start at this ISO 8601 instant, with its time zone."
)
@common_options
@click.pass_obj
def move_jobs(
    invocation: Invocation, job_ids: Sequence[str], delay: str | None, scheduled_at: str | None
) -> ExitCode:
    """Move jobs that wait for a time, scheduled ones and retries, to another time.

    A job in any other state is refused, and the exit code is 1 then.

    \b
    Examples:
      hexjobs jobs move 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10 --delay 2h
      hexjobs jobs move 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10 --at 2027-01-01T09:00:00+01:00
    """
    with invocation.jobs() as service:

        def move(job_id: str) -> str:
            service.move_job(job_id, delay=delay, scheduled_at=scheduled_at)
            return "moved"

        return act_on_each(job_ids, move, as_json=invocation.as_json)


@jobs.command("run-now")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@common_options
@click.pass_obj
def run_jobs_now(invocation: Invocation, job_ids: Sequence[str]) -> ExitCode:
    """Run jobs now that wait for a time, scheduled ones and retries.

    Each goes behind the jobs that wait in its level already. A job in any other state is refused, and the exit code is
    1 then.

    \b
    Example:
      hexjobs jobs run-now 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
    """
    with invocation.jobs() as service:

        def run_now(job_id: str) -> str:
            service.run_job_now(job_id)
            return "waiting"

        return act_on_each(job_ids, run_now, as_json=invocation.as_json)


@jobs.command("retry")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@common_options
@click.pass_obj
def retry_jobs(invocation: Invocation, job_ids: Sequence[str]) -> ExitCode:
    """Run failed or cancelled jobs again, with all their attempts.

    A job in any other state is refused, and the exit code is 1 then.

    \b
    Example:
      hexjobs jobs retry 0199f3c2-7d1e-7c39-a1b0-5a4b8c2f9d10
    """
    with invocation.jobs() as service:

        def retry(job_id: str) -> str:
            service.retry_job(job_id)
            return "retried"

        return act_on_each(job_ids, retry, as_json=invocation.as_json)
