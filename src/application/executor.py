"""Executor: turns a delivery into a settlement: read, run, judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..domain.errors import InvalidJob
from ..domain.outcome import Cancel, Discard, Done, Fail, Outcome, Retry, Snooze
from ..domain.transitions import JobEvent
from ..ports.clock import Clock
from ..ports.delivery import Delivery, Settlement
from ..ports.envelope import Envelope, MalformedEnvelope, NewerEnvelope, decode_envelope, made_at
from .handler_registry import BoundHandler, HandlerRegistry
from .job_context import BlockingJobContext, JobContext
from .job_result import encode_result
from .messages import to_instant, to_milliseconds
from .middleware import Middleware, Proceed, compose
from .run import Run, StopReason
from .run_policy import RunPolicy
from .verdict import Verdict, outcome_of

NEWER_VERSION_DELAY = timedelta(seconds=30)


class Caller(Protocol):
    """Calls a handler where it belongs: on the event loop or in a thread."""

    async def __call__(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        """What the handler returned; raises what it raised."""
        ...


class SubmitFromHandler(Protocol):
    """The two ways in which handlers submit jobs."""

    async def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """For `async def`."""
        ...

    def submit_job_blocking(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """For `def`."""
        ...


@dataclass(slots=True)
class Executor:
    """Turns a delivery into a settlement. A handler's failure never escapes it."""

    registry: HandlerRegistry
    policy: RunPolicy
    verdict: Verdict
    clock: Clock
    call: Caller
    layers: Sequence[Middleware] = ()
    submit: SubmitFromHandler | None = None
    save_progress: Callable[[Delivery, Any], None] | None = None
    _proceed: Proceed = field(init=False)

    def __post_init__(self) -> None:
        self._proceed = compose(self.layers, self._invoke)

    def prepare(self, delivery: Delivery) -> Run | Settlement:
        """Read the delivery: a run, or at once the settlement of what cannot or need not run."""
        try:
            envelope = decode_envelope(delivery.data)
        except NewerEnvelope as error:
            return Settlement(
                delivery,
                JobEvent.SNOOZED,
                delay=NEWER_VERSION_DELAY,
                error=str(error),
                reason="newer_version",
            )
        except MalformedEnvelope as error:
            return self.verdict.dead(delivery, None, "malformed", str(error))
        now = self.clock.now()
        expired = self._expired(delivery, envelope, now)
        if expired is not None:
            return expired
        handler = self.registry.get(envelope.type)
        if handler is None:
            return self.verdict.dead(
                delivery, envelope, "unknown_type", f"no handler for job type {envelope.type!r}"
            )
        try:
            payload = handler.job_type.decode(bytes(envelope.payload))
        except (InvalidJob, ValueError) as error:
            return self.verdict.dead(delivery, envelope, "invalid_payload", str(error))
        return self._run(delivery, envelope, handler, payload, now)

    async def execute(self, run: Run) -> Settlement | None:
        """Run the handler inside the middleware and judge what came of it; None where the delivery is ours no more."""
        try:
            outcome = await self._proceed(run)
        except asyncio.CancelledError:
            if run.stop_reason is StopReason.LEASE_LOST:
                return None
            if run.stop_reason is StopReason.GIVEN_BACK:
                return Settlement(run.delivery, JobEvent.GIVEN_BACK, reason="worker_stopped")
            cancelled = run.stop_reason is StopReason.CANCELLED
            outcome = Cancel() if cancelled else Retry("the handler cancelled itself")
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # sys.exit in a handler must not stop the worker
            outcome = outcome_of(error)
        return self.verdict.of(run, outcome)

    async def _invoke(self, run: Run) -> Outcome:
        returned = await self.call(run.handler, run.context, run.payload)
        if isinstance(returned, (Retry, Fail, Snooze, Cancel, Discard)):
            return returned
        value = returned.result if isinstance(returned, Done) else returned
        return encode_result(value)

    def _run(
        self, delivery: Delivery, envelope: Envelope, handler: BoundHandler, payload: Any, now: datetime
    ) -> Run:
        retry_policy = self.policy.retry(envelope, handler.job_type)
        deadline = self.policy.deadline(envelope, handler.job_type, now)
        known: dict[str, Any] = {
            "job_id": delivery.job_id,
            "job_type": envelope.type,
            "queue": delivery.queue,
            "attempt": delivery.attempt,
            "max_retries": retry_policy.max_retries,
            "fence_token": delivery.fence,
            "deadline": deadline,
            "tags": tuple(envelope.tags or ()),
            "metadata": envelope.metadata,
            "headers": envelope.headers,
        }
        save = self.save_progress
        if save is not None:
            known["save_progress"] = lambda value: save(delivery, value)
        if self.submit is not None:
            known["submit"] = self.submit.submit_job
        context: JobContext
        if handler.is_async:
            context = JobContext(**known)
        else:
            blocking = None if self.submit is None else self.submit.submit_job_blocking
            context = BlockingJobContext(blocking_submit=blocking, **known)
        since = max(made_at(delivery.job_id, envelope), envelope.due or 0)
        return Run(
            delivery=delivery,
            envelope=envelope,
            handler=handler,
            payload=payload,
            context=context,
            retry_policy=retry_policy,
            timeout_seconds=None if deadline is None else max(0.001, (deadline - now).total_seconds()),
            waited_seconds=max(0, to_milliseconds(now) - since) / 1000 if since else 0.0,
        )

    def _expired(self, delivery: Delivery, envelope: Envelope, now: datetime) -> Settlement | None:
        for limit, reason, applies in (
            (envelope.expires, "expired", delivery.attempt == 1),
            (envelope.deadline, "deadline", True),
        ):
            if limit is not None and applies and now >= to_instant(limit):
                return self.verdict.cancelled(delivery, envelope, JobEvent.EXPIRED, reason)
        return None
