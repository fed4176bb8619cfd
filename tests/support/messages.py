"""message: a message for a queue, made from what a test cares about."""

from __future__ import annotations

from itertools import count
from typing import Any

import msgspec

from hexjobs.ports.envelope import VERSION, Envelope, Message

_numbers = count(1)


def message(
    job_id: str | None = None,
    *,
    type: str = "report",  # noqa: A002  # the field's own name
    queue: str = "default",
    priority: str = "normal",
    payload: dict[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """A message with its own id; `fields` are further fields of the envelope, instants in milliseconds since 1970."""
    envelope = Envelope(
        v=VERSION,
        type=type,
        queue=queue,
        priority=priority,
        payload=msgspec.Raw(msgspec.json.encode(payload or {})),
        **fields,
    )
    return Message.of(job_id or f"job-{next(_numbers)}", envelope)


def messages(number: int, **fields: Any) -> list[Message]:
    """So many messages alike, each with its own id."""
    return [message(**fields) for _ in range(number)]
