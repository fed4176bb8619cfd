"""NotificationHandler: runs jobs of type `notification`."""

from __future__ import annotations

from typing import Any, ClassVar

from ...application.job_context import JobContext
from ...domain.jobs.notification import NotificationPayload
from ...ports.services import NotificationService


class NotificationHandler:
    """Calls the webhook of the payload; the result is `{"status": the answer's status}`.

    A repeated run sends the same Idempotency-Key, so that the receiver can tell it from a second notification.
    """

    job_type: ClassVar[str] = "notification"
    payload_model: ClassVar[Any] = NotificationPayload

    def __init__(self, webhooks: NotificationService) -> None:
        self._webhooks = webhooks

    async def execute(self, context: JobContext, payload: NotificationPayload) -> dict[str, Any]:
        """Post the event."""
        status = await self._webhooks.post_webhook(
            payload.url, payload.event, payload.body, context.idempotency_key
        )
        return {"status": status}
