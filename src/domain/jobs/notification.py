"""NotificationJob: tell another service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .base import BaseJob


class NotificationPayload(BaseModel):
    """POST `body` as JSON to a webhook. `event` travels in the body's envelope and in a header."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Literal["webhook"] = "webhook"
    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2048)]
    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "notification"
    body: dict[str, Any] = Field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class NotificationJob(BaseJob):
    """Notifies; its payload is a `NotificationPayload`."""

    job_type: ClassVar[str] = "notification"
