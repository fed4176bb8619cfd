"""`python -m faults.harness.producer SETTINGS SIZE`: submits atomic batches of so many jobs, journalled, until it is killed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from uuid import uuid4

from faults.harness.journal import FOLDER_VARIABLE, Journal
from hexjobs import BackgroundJobService
from hexjobs.settings import load_settings


def main(settings: str, size: int) -> None:
    """Submit for ever; every line that says `acknowledged` is a promise of the store."""
    loaded = load_settings(None, environ={}, overrides=json.loads(settings))
    service = BackgroundJobService.from_config(loaded)
    journal = Journal(Path(os.environ[FOLDER_VARIABLE]) / f"producer-{os.getpid()}.jsonl")
    while True:
        jobs = [uuid4().hex for _ in range(size)]
        for job in jobs:
            journal.write("submit", job=job)
        service.submit_jobs([("step", {}, {"job_id": job}) for job in jobs], atomic=True)
        for job in jobs:
            journal.write("acknowledged", job=job)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
