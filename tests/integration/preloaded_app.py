"""A WSGI application for gunicorn: its service is made, and used, before the workers are forked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from hexjobs import BackgroundJobService, JobType

GREET: JobType[Any, Any] = JobType("greet")
jobs = BackgroundJobService.from_config()
preloaded = jobs.submit_job(GREET, {"by": os.getpid()}, job_id=f"preload-{os.getpid()}")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Submit a job for each request; answer its id and who submitted it."""
    job_id = jobs.submit_job(GREET, {"by": os.getpid()})
    body = json.dumps({"job_id": job_id, "pid": os.getpid(), "preloaded": preloaded}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
