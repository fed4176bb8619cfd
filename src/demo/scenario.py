"""`scenario`: what the demonstration submits, and how each effect is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..application.submit_job import JobRequest
from ..domain.jobs.base import BaseJob
from ..domain.options import JobOptions
from . import checks
from .evidence import Evidence
from .jobs import be_doomed, have_trouble, take_step

WAITING = 12


@dataclass(frozen=True, slots=True)
class Scene:
    """One kind of job: its jobs, submitted in one step, and the check of what they did."""

    title: str
    requests: Sequence[JobRequest]
    check: Callable[[Evidence, list[BaseJob]], str]


def scenario(webhook_url: str) -> list[Scene]:
    """The ten kinds of jobs, in the order of their submission."""
    return [
        Scene(
            "welcome e-mail",
            [_email(email_type="welcome", to="grace@example.com", username="Grace")],
            checks.check_welcome,
        ),
        Scene(
            "template e-mail",
            [_email(email_type="template", to="ada@example.com", template="receipt", variables=_RECEIPT)],
            checks.check_template,
        ),
        Scene("bulk e-mail to 50", [_bulk()], checks.check_bulk),
        Scene("image resized", [JobRequest("file_processing", _RESIZE)], checks.check_image),
        Scene("temporary files cleaned up", [JobRequest("data_cleanup", _CLEANUP)], checks.check_cleanup),
        Scene(
            "webhook called",
            [JobRequest("notification", {"url": webhook_url, **_PAID})],
            checks.check_webhook,
        ),
        Scene("delayed job", [JobRequest(take_step, {}, JobOptions.make(delay="2s"))], checks.check_delay),
        Scene("high priority overtakes", _line_of_steps(), checks.check_overtaking),
        Scene(
            "fails twice, then succeeds", [JobRequest(have_trouble, {"failures": 2})], checks.check_retries
        ),
        Scene("ends in the dead letters", [JobRequest(be_doomed)], checks.check_dead),
    ]


_RECEIPT = {
    "number": "R-1815",
    "customer": "Ada",
    "items": [{"name": "Honeycomb", "price": "25.00 EUR"}, {"name": "Beeswax", "price": "18.00 EUR"}],
    "total": "43.00 EUR",
}
_RESIZE = {"source": "picture.png", "destination": "thumbnail.jpg", "width": 800, "height": 600}
_CLEANUP = {"root": "temporary", "pattern": "*.tmp", "older_than_hours": 24, "dry_run": False}
_PAID = {"event": "order.paid", "body": {"order": "R-1815", "total": "43.00 EUR"}}


def _email(**payload: Any) -> JobRequest:
    return JobRequest("email", payload)


def _bulk() -> JobRequest:
    payload = {
        "email_type": "bulk",
        "recipients": [f"reader-{number:02}@example.com" for number in range(1, 51)],
        "subject": "News from the hive",
        "text": "Every job has its place.",
    }
    return JobRequest("email", payload, JobOptions.make(queue="email"))


def _line_of_steps() -> list[JobRequest]:
    """More jobs than there are slots, then the one that overtakes them; submitted in one step, so all of them wait."""
    steps = [JobRequest(take_step, {"seconds": 0.1}) for _ in range(WAITING)]
    return [*steps, JobRequest(take_step, {"seconds": 0.1}, JobOptions.make(priority="high"))]
