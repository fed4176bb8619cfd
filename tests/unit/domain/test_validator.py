"""JobValidator: what is wrong with a submit, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from hexjobs.domain.errors import InvalidJob, UnknownJobType, UnknownQueue, UnsupportedOption
from hexjobs.domain.factory import SHIPPED_JOB_TYPES
from hexjobs.domain.job_type import JobType
from hexjobs.domain.options import JobOptions
from hexjobs.domain.payload import PayloadLimits
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.validator import JobValidator, QueueRules, with_handler_queues


class Invoice(BaseModel):
    """A payload with two fields."""

    number: int
    currency: str = "EUR"


INVOICE: JobType[Any, Any] = JobType("send_invoice", Invoice, queue="billing", priority="high")
FREE: JobType[Any, Any] = JobType("free_form")
QUEUES = {
    "default": QueueRules(),
    "billing": QueueRules(levels=frozenset({JobPriority.HIGH, JobPriority.CRITICAL})),
    "slow": QueueRules(levels=frozenset({JobPriority.LOW})),
}
VALIDATOR = JobValidator(
    {job_type.name: job_type for job_type in (*SHIPPED_JOB_TYPES, INVOICE, FREE)},
    QUEUES,
    PayloadLimits(1000, 4),
)


def problems(job_type: JobType[Any, Any], payload: Any, **options: Any) -> dict[str, str]:
    """What is wrong, by field."""
    with pytest.raises(InvalidJob) as caught:
        VALIDATOR.check(job_type, payload, JobOptions.make(**options))
    return {problem.field: problem.message for problem in caught.value.problems}


def test_an_unknown_type_names_the_nearest() -> None:
    """So a misspelling is mended at sight."""
    with pytest.raises(UnknownJobType, match=r"'emial' is not a known job type; did you mean 'email'\?"):
        VALIDATOR.job_type("emial")


def test_an_unknown_type_far_from_all_lists_them() -> None:
    """When no name is near."""
    with pytest.raises(UnknownJobType, match="known: data_cleanup, email, file_processing"):
        VALIDATOR.job_type("zzz")


def test_a_declared_type_needs_no_name() -> None:
    """A JobType stands for itself."""
    other: JobType[Any, Any] = JobType("elsewhere")
    assert VALIDATOR.job_type(other) is other
    assert VALIDATOR.job_type("send_invoice") is INVOICE


def test_an_unknown_queue_names_the_nearest() -> None:
    """As for types."""
    with pytest.raises(
        UnknownQueue, match=r"options.queue: 'biling' is not a configured queue; did you mean 'billing'\?"
    ):
        VALIDATOR.check(FREE, {}, JobOptions(queue="biling"))


def test_a_level_that_the_queue_lacks() -> None:
    """The message lists those that it has."""
    with pytest.raises(UnsupportedOption, match="queue 'billing' has no level 'low'; it has: critical, high"):
        VALIDATOR.check(FREE, {}, JobOptions(queue="billing", priority=JobPriority.LOW))


@pytest.mark.parametrize(
    ("job_type", "options", "queue", "priority"),
    [
        (FREE, {}, "default", "normal"),
        (INVOICE, {}, "billing", "high"),
        (INVOICE, {"queue": "default"}, "default", "high"),
        (INVOICE, {"priority": "critical"}, "billing", "critical"),
        (FREE, {"queue": "billing"}, "billing", "critical"),
        (FREE, {"queue": "slow"}, "slow", "low"),
    ],
)
def test_where_a_job_goes(
    job_type: JobType[Any, Any], options: dict[str, Any], queue: str, priority: str
) -> None:
    """Option, then type, then the queue's default level: normal or else its highest."""
    payload = {"number": 1} if job_type is INVOICE else {}
    encoded, placement = VALIDATOR.check(job_type, payload, JobOptions.make(**options))
    assert (placement.queue, placement.priority.word) == (queue, priority)
    assert encoded.value() == payload


def test_all_problems_come_at_once() -> None:
    """Those of the payload and those of the options."""
    found = problems(INVOICE, {"currency": 5}, queue="nowhere")
    assert set(found) == {"payload.number", "payload.currency", "options.queue"}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        ({"email_type": "welcome", "to": "not-an-address"}, {"payload.to", "payload.username"}),
        ({"email_type": "welcome", "to": "a@b.c", "username": "x\r\nBcc: y"}, {"payload.username"}),
        ({"email_type": "postcard", "to": "a@b.c"}, {"payload.email_type"}),
        ({"to": "a@b.c"}, {"payload.email_type"}),
        ({"email_type": "welcome", "to": "a@b.c", "username": "x", "extra": 1}, {"payload.extra"}),
        (
            {"email_type": "bulk", "recipients": ["a@b.c", "no"], "subject": "s", "text": "t"},
            {"payload.recipients[1]"},
        ),
    ],
)
def test_a_wrong_email_names_its_fields(payload: dict[str, Any], fields: set[str]) -> None:
    """As the submitter wrote them."""
    assert set(problems(VALIDATOR.job_type("email"), payload)) == fields


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        (
            "file_processing",
            {"source": "/etc/passwd", "destination": "a.png", "width": 1, "height": 1},
            "payload.source",
        ),
        (
            "file_processing",
            {"source": "a.png", "destination": "../b.png", "width": 1, "height": 1},
            "payload.destination",
        ),
        (
            "file_processing",
            {"source": "a.png", "destination": "b.png", "width": 0, "height": 1},
            "payload.width",
        ),
        ("data_cleanup", {"older_than_hours": 0}, "payload.older_than_hours"),
        ("data_cleanup", {"older_than_hours": 1, "pattern": "a/b"}, "payload.pattern"),
        ("notification", {"url": "ftp://example.com"}, "payload.url"),
    ],
)
def test_each_shipped_type_checks_its_payload(name: str, payload: dict[str, Any], field: str) -> None:
    """At submit, before anything is queued."""
    assert set(problems(VALIDATOR.job_type(name), payload)) == {field}


def test_the_limits_hold_for_every_type() -> None:
    """Checked or not."""
    assert "at most 1000" in problems(FREE, {"text": "x" * 1000})["payload"]
    [message] = problems(FREE, {"a": {"b": {"c": {"d": {"e": 1}}}}}).values()
    assert "nested too deeply" in message
    assert set(problems(INVOICE, {"number": float("nan")})) == {"payload.number"}


def test_models_are_taken_as_payloads() -> None:
    """An instance of the model, or of another that fits."""

    class Other(BaseModel):
        number: int = 3

    for payload in (Invoice(number=3), Other()):
        encoded, _ = VALIDATOR.check(INVOICE, payload, JobOptions())
        assert encoded.value()["number"] == 3


def test_queues_that_handlers_name_exist() -> None:
    """Beside those of the configuration, which win."""
    merged = with_handler_queues({"billing": QUEUES["billing"]}, [INVOICE, FREE, JobType("x", queue="other")])
    assert merged == {"billing": QUEUES["billing"], "other": QueueRules()}
