"""Reports that are made again and again: by schedules that the application declares, and by those of `schedules.yaml`.

In one terminal, in this folder:     hexjobs worker --config schedules.yaml --handlers scheduled_reports
In another one, in the same folder:  python scheduled_reports.py

A declaration is for the start of an application: made again it changes nothing, and on a server that was emptied it
brings the schedule back.
"""

from __future__ import annotations

from pydantic import BaseModel

from hexjobs import BackgroundJobService, JobContext, job_handler


class Report(BaseModel):
    """The payload of `report`."""

    about: str


@job_handler("report")
def report(context: JobContext, payload: Report) -> str:
    """Runs in the worker; the id of the job tells for which instant."""
    return f"{payload.about}: {context.job_id}"


def declare(jobs: BackgroundJobService) -> None:
    """Keep the schedules of this application."""
    jobs.schedule_recurring(
        "hourly-visitors", report, Report(about="visitors"), every="1h", jitter="1m", misfire="skip"
    )
    jobs.schedule_recurring(
        "monthly-orders",
        report,
        Report(about="orders"),
        cron="0 8 L * *",
        timezone="Europe/Berlin",
        overlap="queue_one",
        max_retries=5,
    )


if __name__ == "__main__":
    with BackgroundJobService.from_config(
        "schedules.yaml", **{"jobs.handlers": ["scheduled_reports"]}
    ) as jobs:
        declare(jobs)
        for coming in jobs.coming_instants("monthly-orders", 3):
            print(coming.local.isoformat(), coming.change or "")
