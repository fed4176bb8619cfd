"""RunContext: the context of a run in a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..ports.delivery import Delivery
from ..ports.envelope import Envelope
from .effect_ledger import EffectLedger
from .handler_registry import BoundHandler
from .job_context import BlockingJobContext, JobContext
from .messages import to_instant
from .run_details import BlockingSubmit, RunDetails, Submit
from .run_policy import RunPolicy


@dataclass(frozen=True, slots=True)
class RunServices:
    """What the contexts of all runs of one kind have in common."""

    policy: RunPolicy
    submit: Submit | None = None
    blocking_submit: BlockingSubmit | None = None
    save_progress: Callable[[Delivery, Any], None] | None = None
    effects: EffectLedger | None = None


class RunContext(JobContext):
    """The context of a run in a worker. What few handlers ask for is made when one asks.

    `began` is when the run began, in milliseconds since 1970.
    """

    def __init__(
        self,
        delivery: Delivery,
        envelope: Envelope,
        handler: BoundHandler,
        began: int,
        services: RunServices,
    ) -> None:
        self.job_id = delivery.job_id
        self.job_type = envelope.type
        self.queue = delivery.queue
        self.attempt = delivery.attempt
        self.fence_token = delivery.fence
        self._delivery = delivery
        self._envelope = envelope
        self._handler = handler
        self._began = began
        self._services = services

    @property
    def _known(self) -> RunDetails:
        if self._details is None:
            self._details = self._make_details()
        return self._details

    def _make_details(self) -> RunDetails:
        delivery, envelope, services = self._delivery, self._envelope, self._services
        described, save, ledger = self._handler.job_type, services.save_progress, services.effects
        return RunDetails(
            max_retries=services.policy.retry(envelope, described).max_retries,
            deadline=services.policy.deadline(envelope, described, to_instant(self._began)),
            tags=tuple(envelope.tags or ()),
            metadata=envelope.metadata or {},
            headers=envelope.headers or {},
            submit=services.submit,
            save_progress=None if save is None else lambda value: save(delivery, value),
            effects=None if ledger is None else ledger.of(delivery, envelope.type),
            blocking_submit=services.blocking_submit,
        )


class BlockingRunContext(RunContext, BlockingJobContext):
    """The same for a `def` handler."""
