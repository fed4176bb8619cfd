"""EmailHandler on a recording mail service and renderer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hexjobs.adapters.handlers.email import EmailHandler
from hexjobs.domain.errors import InvalidJob, PermanentError
from hexjobs.domain.job_type import JobType
from hexjobs.ports.services import MailMessage, MailReport
from support.handler_context import handler_context
from support.run import run


class RecordingMail:
    def __init__(self, refused: dict[str, str] | None = None, failure: Exception | None = None) -> None:
        self.sent: list[MailMessage] = []
        self._refused = refused or {}
        self._failure = failure

    async def send(self, messages: Sequence[MailMessage]) -> MailReport:
        if self._failure is not None:
            raise self._failure
        self.sent += messages
        accepted = tuple(message.to for message in messages if message.to not in self._refused)
        return MailReport(accepted, self._refused)


class RecordingTemplates:
    def __init__(self, subject: str = "rendered") -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._subject = subject

    def render(self, template: str, variables: dict[str, Any]) -> tuple[str, str, str | None]:
        self.asked.append((template, variables))
        return self._subject, "text", "<p>html</p>"


def execute(
    payload: dict[str, Any],
    mail: RecordingMail,
    templates: RecordingTemplates | None = None,
    job_id: str = "job-1",
) -> dict[str, Any]:
    """Run the handler on a payload as the executor does: from the JSON of the submit."""
    job_type = JobType("email", EmailHandler.payload_model)
    model = job_type.decode(job_type.encode(payload).raw)
    handler = EmailHandler(mail, templates or RecordingTemplates())
    result = run(handler.execute(handler_context("email", job_id), model))
    assert json.loads(json.dumps(result)) == result
    return result


def test_a_welcome_mail_is_rendered_and_sent() -> None:
    mail, templates = RecordingMail(), RecordingTemplates()
    result = execute({"email_type": "welcome", "to": "a@example.com", "username": "Ann"}, mail, templates)
    assert result == {"accepted": 1, "refused": {}}
    assert templates.asked == [("welcome", {"username": "Ann"})]
    assert mail.sent == [
        MailMessage("a@example.com", "rendered", "text", "<p>html</p>", "hexjobs:job-1:a@example.com")
    ]


def test_a_password_reset_carries_its_link() -> None:
    templates = RecordingTemplates()
    payload = {"email_type": "password_reset", "to": "a@example.com", "reset_url": "https://example.com/r/1"}
    execute(payload, RecordingMail(), templates)
    variables = {"username": "there", "reset_url": "https://example.com/r/1", "expires_in_minutes": 60}
    assert templates.asked == [("password_reset", variables)]


def test_a_notification_keeps_its_own_subject() -> None:
    mail, templates = RecordingMail(), RecordingTemplates()
    payload = {"email_type": "notification", "to": "a@example.com", "subject": "Disk full", "message": "95 %"}
    execute(payload, mail, templates)
    assert templates.asked == [("notification", {"subject": "Disk full", "message": "95 %"})]
    assert mail.sent[0].subject == "Disk full"


@pytest.mark.parametrize(("given", "subject"), [(None, "rendered"), ("My own", "My own")])
def test_a_template_mail_takes_the_subject_of_the_payload_where_there_is_one(
    given: str | None, subject: str
) -> None:
    mail, templates = RecordingMail(), RecordingTemplates()
    payload = {
        "email_type": "template",
        "to": "a@example.com",
        "template": "receipt",
        "variables": {"total": 3},
    }
    execute(payload | ({"subject": given} if given else {}), mail, templates)
    assert templates.asked == [("receipt", {"total": 3})]
    assert mail.sent[0].subject == subject


def test_a_template_without_a_subject_needs_one_in_the_payload() -> None:
    payload = {"email_type": "template", "to": "a@example.com", "template": "note"}
    with pytest.raises(PermanentError, match=r"note\.subject\.txt"):
        execute(payload, RecordingMail(), RecordingTemplates(subject=""))


def test_a_bulk_mail_is_one_message_for_each_recipient_with_a_key_of_its_own() -> None:
    mail = RecordingMail(refused={"b@example.com": "550 no such user"})
    recipients = ["a@example.com", "b@example.com", "a@example.com", "c@example.com"]
    payload = {
        "email_type": "bulk",
        "recipients": recipients,
        "subject": "News",
        "text": "t",
        "html": "<p>t</p>",
    }
    result = execute(payload, mail)
    assert result == {"accepted": 2, "refused": {"b@example.com": "550 no such user"}}
    assert [message.to for message in mail.sent] == ["a@example.com", "b@example.com", "c@example.com"]
    assert len({message.message_key for message in mail.sent}) == 3
    assert {message.subject for message in mail.sent} == {"News"}


def test_the_key_of_a_message_is_the_same_in_every_run_of_the_job_and_differs_between_jobs() -> None:
    mail = RecordingMail()
    payload = {"email_type": "welcome", "to": "a@example.com", "username": "Ann"}
    for job_id in ("job-1", "job-1", "job-2"):
        execute(payload, mail, job_id=job_id)
    first, again, other = (message.message_key for message in mail.sent)
    assert first == again != other


def test_a_passing_fault_reaches_the_worker() -> None:
    with pytest.raises(ConnectionError):
        execute(
            {"email_type": "welcome", "to": "a@example.com", "username": "Ann"},
            RecordingMail(failure=ConnectionError("451 later")),
        )


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (
            {"email_type": "welcome", "to": "a@example.com\r\nBcc: b@example.com", "username": "x"},
            "payload.to",
        ),
        (
            {"email_type": "welcome", "to": "a@example.com", "username": "x\nBcc: b@example.com"},
            "payload.username",
        ),
        ({"email_type": "welcome", "to": "A <a@example.com>", "username": "x"}, "payload.to"),
        (
            {
                "email_type": "notification",
                "to": "a@example.com",
                "subject": "x\rBcc: b@example.com",
                "message": "m",
            },
            "payload.subject",
        ),
        (
            {"email_type": "bulk", "recipients": ["a@example.com", "b\n@x.org"], "subject": "s", "text": "t"},
            "payload.recipients[1]",
        ),
        (
            {"email_type": "template", "to": "a@example.com", "template": "../../etc/passwd"},
            "payload.template",
        ),
        (
            {"email_type": "template", "to": "a@example.com", "template": "receipt", "subject": "s\x00"},
            "payload.subject",
        ),
    ],
)
def test_a_payload_that_would_forge_headers_is_refused_before_it_is_queued(
    payload: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidJob) as refused:
        JobType("email", EmailHandler.payload_model).encode(payload)
    assert field in [problem.field for problem in refused.value.problems]
