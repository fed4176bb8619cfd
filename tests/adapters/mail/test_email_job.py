"""Jobs of type `email` through the handler, the shipped templates and a real SMTP server."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.adapters.handlers.email import EmailHandler
from hexjobs.adapters.mail.jinja_template_renderer import JinjaTemplateRenderer
from hexjobs.adapters.mail.smtp_email_service import SmtpEmailService
from hexjobs.domain.errors import PermanentError
from hexjobs.domain.job_type import JobType
from support.handler_context import handler_context
from support.run import run
from support.smtp_sink import SmtpSink


def execute(sink: SmtpSink, payload: dict[str, Any]) -> dict[str, Any]:
    """Run one job; the sink keeps what arrives."""

    async def scene() -> dict[str, Any]:
        async with sink:
            mail = SmtpEmailService(host="127.0.0.1", port=sink.port, sender="jobs@example.com", tls="none")
            job_type = JobType("email", EmailHandler.payload_model)
            model = job_type.decode(job_type.encode(payload).raw)
            return await EmailHandler(mail, JinjaTemplateRenderer()).execute(handler_context("email"), model)

    return run(scene())


@pytest.mark.parametrize(
    ("payload", "subject", "words"),
    [
        ({"email_type": "welcome", "username": "John Doe"}, "Welcome, John Doe", "John Doe"),
        (
            {"email_type": "password_reset", "reset_url": "https://example.com/reset/abc"},
            "Set a new password",
            "https://example.com/reset/abc",
        ),
        ({"email_type": "notification", "subject": "Disk full", "message": "95 %"}, "Disk full", "95 %"),
        (
            {
                "email_type": "template",
                "template": "receipt",
                "variables": {
                    "customer": "Ann",
                    "number": "7",
                    "items": [{"name": "Tea", "price": "3.00"}],
                    "total": "3.00",
                },
            },
            "Your receipt 7",
            "3.00",
        ),
    ],
    ids=lambda value: value["email_type"] if isinstance(value, dict) else "",
)
def test_every_kind_of_message_arrives_with_text_and_html(
    payload: dict[str, Any], subject: str, words: str
) -> None:
    sink = SmtpSink()
    assert execute(sink, payload | {"to": "ann@example.com"}) == {"accepted": 1, "refused": {}}
    [mail] = sink.messages
    assert mail["Subject"] == subject
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert words in body.get_content()


def test_a_bulk_mail_to_fifty_reports_the_one_that_was_refused() -> None:
    sink = SmtpSink(answers={"user3@example.com": "550 unknown"})
    recipients = [f"user{number}@example.com" for number in range(50)]
    result = execute(sink, {"email_type": "bulk", "recipients": recipients, "subject": "News", "text": "Hi"})
    assert result == {"accepted": 49, "refused": {"user3@example.com": "550 unknown"}}
    assert len(sink.messages) == 49
    assert len({mail["Message-ID"] for mail in sink.messages}) == 49


def test_a_variable_that_breaks_the_subject_line_sends_nothing() -> None:
    sink = SmtpSink()
    variables = {"customer": "x", "number": "7\nBcc: eve@example.com", "items": [], "total": "0"}
    with pytest.raises(PermanentError, match="line breaks"):
        execute(
            sink,
            {"email_type": "template", "to": "a@example.com", "template": "receipt", "variables": variables},
        )
    assert sink.connections == 0
