"""Run: one delivery on its way through a worker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from ..ports.delivery import Delivery
from ..ports.envelope import Envelope
from .handler_registry import BoundHandler
from .job_context import JobContext


class StopReason(StrEnum):
    """Why a run was stopped from outside."""

    CANCELLED = "cancelled"
    """Somebody asked for it. The handler may still end in its own way."""
    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    GIVEN_BACK = "given_back"
    """The worker stops."""
    LEASE_LOST = "lease_lost"


class Run(msgspec.Struct, eq=False):
    """One delivery, what was read from it, and what became of it so far.

    `limit` tells what `timeout_seconds` come from: the timeout of a run, or the deadline of the job.
    """

    delivery: Delivery
    envelope: Envelope
    handler: BoundHandler
    payload: Any
    context: JobContext
    timeout_seconds: float | None
    waited_seconds: float
    limit: StopReason = StopReason.TIMEOUT
    stop_reason: StopReason | None = None

    @property
    def is_on_loop(self) -> bool:
        """Whether the handler runs on the event loop, where it can be cancelled."""
        return self.handler.is_on_loop

    @property
    def job_type(self) -> str:
        """The job's type."""
        return self.envelope.type


@dataclass(frozen=True, slots=True)
class JobEventInfo:
    """What observers hear: which job, how it ended, and the error's text."""

    job_id: str
    job_type: str
    queue: str
    attempt: int
    status: str
    reason: str | None = None
    error: str | None = None
