"""Django and hexjobs in one project: set up in a worker, fresh connections for each job, one service for all views."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.db import close_old_connections

from hexjobs import BackgroundJobService, JobContext, job_scope

# A worker imports this module before those with models. An @on_start hook would come too late: hooks run when all
# modules are imported, and models can only be imported once Django is set up. In a web process it is already.
if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

jobs = BackgroundJobService.from_config(Path(__file__).parent.parent / "hexjobs.yaml")


@job_scope
@contextmanager
def fresh_connections(context: JobContext) -> Iterator[None]:
    """What Django does around each request: a connection that is too old or broken is not used."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
