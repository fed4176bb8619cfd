"""`hexjobs submit`: one job from a shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from ....domain.errors import JobError
from ....domain.status import JobStatus
from ..completions import complete_job_types
from ..durations import read_duration
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options, handlers_option
from ..job_options import job_options
from ..output import print_data, print_error, print_json, print_note
from ..payload_argument import read_payload
from ..waiting import wait_for_job


@click.command()
@click.argument("job_type", metavar="TYPE", shell_complete=complete_job_types)
@click.argument("payload", metavar="[JSON]", default="{}")
@job_options
@click.option("--delay", metavar="DURATION", help='Start after this long, such as "90s" or "1h30m".')
@click.option(
    "--at", "scheduled_at", metavar="INSTANT", help="Start at this ISO 8601 instant, with its time zone."
)
@click.option(
    "--job-id", metavar="ID", help="An id of your own; a second submit with it answers the first job."
)
@click.option("--unique-key", metavar="KEY", help="At most one unfinished job has this key.")
@handlers_option
@click.option("--wait", is_flag=True, help="Wait for the end and print the result.")
@click.option(
    "--wait-timeout", metavar="DURATION", callback=read_duration, help="With --wait: how long at most."
)
@common_options
@click.pass_obj
def submit(
    invocation: Invocation,
    /,
    job_type: str,
    payload: str,
    handlers: Sequence[str],
    wait: bool,
    wait_timeout: timedelta | None,
    **options: Any,
) -> int:
    """Submit one job and print its id.

    The payload is a JSON object: as an argument, `@FILE` for a file, or `-` for standard input. It is checked against
    the job type; what is wrong is named by field, and nothing is queued then. Own job types come from jobs.handlers in
    the configuration, or from --handlers.

    With --wait the result is printed after the id, and the exit code is 1 when the job did not complete.

    \b
    Examples:
      hexjobs submit email '{"email_type": "welcome", "to": "user@example.com", "username": "John"}'
      hexjobs submit data_cleanup '{"root": "temporary", "older_than_hours": 24}' --at 2030-01-31T02:00:00+01:00
      hexjobs submit send_invoice @invoice.json --handlers myapp.jobs --priority high --wait
    """
    if wait_timeout is not None and not wait:
        raise click.UsageError("--wait-timeout goes with --wait")
    with invocation.jobs(handlers=handlers) as jobs:
        job_id = jobs.submit_job(job_type, read_payload(payload), **options)
        if not wait:
            if invocation.as_json:
                print_json({"job_id": job_id})
            else:
                print_data(job_id)
            return ExitCode.DONE
        try:
            if not invocation.as_json:
                print_data(job_id)
                sys.stdout.flush()
            job = wait_for_job(jobs, job_id, wait_timeout)
        except (JobError, KeyboardInterrupt):
            print_note(f"job {job_id} is submitted and goes on without this command")
            raise
    is_done = job.status is JobStatus.COMPLETED
    if invocation.as_json:
        print_json(job.to_dict())
    elif is_done:
        print_json(job.result)
    if not is_done:
        print_error(f"job {job_id} {job.status}: {job.reason}" + (f"\n{job.error}" if job.error else ""))
    return ExitCode.DONE if is_done else ExitCode.FAILED
