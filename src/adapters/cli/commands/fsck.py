"""`hexjobs fsck`: whether everything in the store fits together, and putting right what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..output import Column, print_json, print_list, print_note

if TYPE_CHECKING:
    from ....ports.store_check import StoreReport

COLUMNS = (
    Column("CODE", lambda finding: finding["code"]),
    Column("JOB ID", lambda finding: finding["job_id"]),
    Column("WHERE", lambda finding: finding["where"]),
    Column("", lambda finding: "repaired" if finding["repaired"] else "left"),
    Column("WHAT IS WRONG", lambda finding: finding["text"]),
)


@click.command()
@click.option("--repair", is_flag=True, help="Put right what is found.")
@common_options
@click.pass_obj
def fsck(invocation: Invocation, *, repair: bool) -> ExitCode:
    """Check that every job is in exactly one place, and repair what is not.

    And that all that belongs to it fits: unique keys, counters, workers, schedules. Jobs may come and go meanwhile: what moves is no finding. Without --repair nothing is changed. Workers check and
    repair by themselves, every jobs.scheduler.cleanup_interval. Exit codes: 0 nothing is wrong, or all was repaired; 1
    findings are left.

    \b
    Examples:
      hexjobs fsck
      hexjobs fsck --repair --json
    """
    with invocation.jobs() as service:
        report = service.check_store(repair=repair)
    from msgspec import to_builtins

    findings = [to_builtins(finding) for finding in report.findings]
    if invocation.as_json:
        print_json(
            {
                "findings": findings,
                "counts": report.counts,
                "left": report.left,
                "looked_at": report.looked_at,
            }
        )
    else:
        if findings:
            print_list(findings, COLUMNS, as_json=False, what="findings")
        if report.found > len(findings):
            print_note(f"and {report.found - len(findings)} more")
        print_note(_summary(report))
    return ExitCode.FAILED if report.left else ExitCode.DONE


def _summary(report: StoreReport) -> str:
    jobs = report.looked_at.get("jobs", 0)
    looked_at = f"looked at {jobs} job{'s' if jobs != 1 else ''}"
    if not report.found:
        return f"{looked_at}: nothing is wrong"
    findings = f"{report.found} finding{'s' if report.found != 1 else ''}"
    if not report.left:
        return f"{looked_at}: {findings}, all repaired"
    return f"{looked_at}: {findings}; --repair puts them right"
