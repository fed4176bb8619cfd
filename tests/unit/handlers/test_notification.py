"""NotificationHandler on a recording webhook service."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.adapters.handlers.notification import NotificationHandler
from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.job_type import JobType
from support.handler_context import handler_context
from support.run import run


class RecordingWebhooks:
    def __init__(self) -> None:
        self.posted: list[tuple[str, str, dict[str, Any], str]] = []

    async def post_webhook(self, url: str, event: str, body: dict[str, Any], key: str) -> int:
        self.posted.append((url, event, body, key))
        return 202


def test_the_event_is_posted_under_a_key_that_every_run_of_the_job_shares() -> None:
    webhooks = RecordingWebhooks()
    job_type = JobType("notification", NotificationHandler.payload_model)
    payload = {"url": "https://example.com/hook", "event": "order.paid", "body": {"order": 7}}
    model = job_type.decode(job_type.encode(payload).raw)
    for _ in range(2):
        result = run(NotificationHandler(webhooks).execute(handler_context("notification", "job-9"), model))
        assert result == {"status": 202}
    posted = ("https://example.com/hook", "order.paid", {"order": 7}, "hexjobs:job-9")
    assert webhooks.posted == [posted, posted]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "file:///etc/passwd"}, "payload.url"),
        ({"url": "gopher://example.com"}, "payload.url"),
        ({"event": "a\r\nX-Evil: 1"}, "payload.event"),
        ({"event": ""}, "payload.event"),
    ],
)
def test_a_payload_that_is_no_webhook_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        JobType("notification", NotificationHandler.payload_model).encode(
            {"url": "https://example.com"} | change
        )
    assert [problem.field for problem in refused.value.problems] == [field]
