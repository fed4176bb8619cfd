"""EmailHandler: runs jobs of type `email`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from ...application.job_context import JobContext
from ...domain.errors import PermanentError
from ...domain.jobs.email import (
    BulkEmail,
    EmailPayload,
    NotificationEmail,
    PasswordResetEmail,
    TemplateEmail,
    WelcomeEmail,
)
from ...ports.services import EmailService, MailMessage, TemplateRenderer

_Rendered = WelcomeEmail | PasswordResetEmail | NotificationEmail | TemplateEmail


class EmailHandler:
    """Sends the message of the payload: rendered from a template, or as it is to each recipient of a bulk mail.

    The result is `{"accepted": count, "refused": {address: the server's words}}`. A run that failed is repeated as a
    whole: a recipient may then get the message again, always under the same Message-ID.
    """

    job_type: ClassVar[str] = "email"
    payload_model: ClassVar[Any] = EmailPayload

    def __init__(self, mail: EmailService, templates: TemplateRenderer) -> None:
        self._mail = mail
        self._templates = templates

    async def execute(self, context: JobContext, payload: EmailPayload) -> dict[str, Any]:
        """Send, and tell how many were accepted and who was refused for good."""
        message = payload.root
        if isinstance(message, BulkEmail):
            messages = self._to_each(context, message)
        else:
            messages = [await self._from_template(context, message)]
        report = await self._mail.send(messages)
        if report.refused:
            context.log.info("mail_refused", accepted=len(report.accepted), refused=len(report.refused))
        return {"accepted": len(report.accepted), "refused": report.refused}

    def _to_each(self, context: JobContext, bulk: BulkEmail) -> Sequence[MailMessage]:
        return [
            MailMessage(recipient, bulk.subject, bulk.text, bulk.html, _message_key(context, recipient))
            for recipient in dict.fromkeys(bulk.recipients)
        ]

    async def _from_template(self, context: JobContext, message: _Rendered) -> MailMessage:
        template, variables, subject = _template_of(message)
        rendered, text, html = await asyncio.to_thread(self._templates.render, template, variables)
        subject = subject or rendered
        if not subject:
            raise PermanentError(
                f"template {template!r} has no subject; add {template}.subject.txt or give `subject`"
            )
        return MailMessage(message.to, subject, text, html, _message_key(context, message.to))


def _message_key(context: JobContext, recipient: str) -> str:
    return f"{context.idempotency_key}:{recipient}"


def _template_of(message: _Rendered) -> tuple[str, dict[str, Any], str | None]:
    """The template's name, its variables, and the subject where the payload gives one."""
    if isinstance(message, TemplateEmail):
        return message.template, message.variables, message.subject
    variables = message.model_dump(exclude={"email_type", "to"})
    return message.email_type, variables, variables.get("subject")
