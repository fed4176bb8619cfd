"""A script that submits jobs and waits for what they come to.

In one terminal, in this folder:     hexjobs worker --handlers plain_script
In another one, in the same folder:  python plain_script.py Ada Grace

Both meet on the server that hexjobs starts by itself on the folder .hexjobs.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from pydantic import BaseModel

from hexjobs import BackgroundJobService, JobContext, job_handler


class Greeting(BaseModel):
    """The payload of `greet`; it is checked at the submit already."""

    name: str


@job_handler("greet")
def greet(context: JobContext, payload: Greeting) -> str:
    """Runs in the worker, in a thread; what it returns is the job's result."""
    return f"Hello {payload.name}, this is attempt {context.attempt}"


def main(names: list[str]) -> None:
    """Submit a job for each name, and print what the handlers returned."""
    with BackgroundJobService.from_config() as jobs:
        job_ids = [jobs.submit_job(greet, Greeting(name=name)) for name in names]
        for job_id in job_ids:
            job = jobs.wait_for(job_id, timeout=timedelta(seconds=30))
            print(f"{job.status}: {job.result}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["world"])
