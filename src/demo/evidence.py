"""Evidence: what a demonstration left behind, and what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.jobs.base import BaseJob
from .mail_sink import MailSink
from .place import Place
from .webhook_sink import WebhookSink


class Unmet(Exception):
    """A check did not hold; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where to look. `url` is where HTTP is served."""

    place: Place
    mail: MailSink
    webhooks: WebhookSink
    url: str


def require(condition: object, found: str) -> None:
    """Return where the condition holds; Unmet with what was found instead."""
    if not condition:
        raise Unmet(found)


def only_completed(jobs: list[BaseJob]) -> BaseJob:
    """The one job; Unmet where it did not complete."""
    (job,) = jobs
    error = f": {job.error.strip().rpartition(chr(10))[2]}" if job.error else ""
    require(job.status == "completed", f"the job is {job.status}{error}")
    return job
