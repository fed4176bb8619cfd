"""Executor: turns a delivery into a settlement: read, run, judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..domain.errors import InvalidJob
from ..domain.outcome import Fail, Outcome, Retry
from ..domain.transitions import JobEvent
from ..ports.clock import Clock
from ..ports.delivery import Delivery, Settlement
from ..ports.envelope import Envelope, MalformedEnvelope, NewerEnvelope, decode_envelope, made_at
from .effect_ledger import EffectLedger
from .handler_registry import BoundHandler, HandlerRegistry
from .job_context import BlockingJobContext, JobContext
from .job_result import outcome_of_returned
from .messages import to_instant, to_milliseconds
from .middleware import Middleware, Proceed, compose
from .run import Run, StopReason
from .run_policy import RunPolicy
from .stopped_run import settled_outcome, stopped_outcome
from .verdict import Verdict, outcome_of

NEWER_VERSION_DELAY = timedelta(seconds=30)
ENDED_BY_TIME = (StopReason.TIMEOUT, StopReason.DEADLINE)


class Caller(Protocol):
    """Calls a handler where it belongs: on the event loop, in a thread, or in a process of its own (with the raw payload)."""

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
    effects: EffectLedger | None = None
    blocking_effects: EffectLedger | None = None
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
        job_type = None if handler is None else handler.job_type
        if delivery.crashes >= self.policy.crash_limit(job_type):
            times = "once" if delivery.crashes == 1 else f"{delivery.crashes} times"
            return self.verdict.dead(delivery, envelope, "crashed", f"its worker died {times} while it ran")
        if handler is None:
            return self.verdict.dead(
                delivery, envelope, "unknown_type", f"no handler for job type {envelope.type!r}"
            )
        try:
            raw = bytes(envelope.payload)
            payload = raw if handler.is_isolated else handler.job_type.decode(raw)
        except (InvalidJob, ValueError) as error:
            return self.verdict.dead(delivery, envelope, "invalid_payload", str(error))
        return self._run(delivery, envelope, handler, payload, now)

    async def execute(self, run: Run) -> Settlement | None:
        """Run the handler inside the middleware and judge what came of it; None where the delivery is ours no more."""
        try:
            outcome = await self._proceed(run)
        except asyncio.CancelledError:
            outcome = (
                Retry("the handler cancelled itself") if run.stop_reason is None else stopped_outcome(run)
            )
        except GeneratorExit:
            raise  # whoever runs this as a task can tell whether it is being closed
        except BaseException as error:  # noqa: BLE001  # sys.exit in a handler must not stop the worker
            outcome = outcome_of(error)
        return self.judge(run, outcome)

    def give_up(self, run: Run) -> Settlement | None:
        """What a run comes to that was stopped and goes on all the same; None where the delivery is ours no more."""
        outcome = stopped_outcome(run)
        if isinstance(outcome, (Retry, Fail)):
            outcome = replace(outcome, error=f"{outcome.error}; it did not stop, and is no longer waited for")
        return self.judge(run, outcome)

    def judge(self, run: Run, outcome: Outcome) -> Settlement | None:
        """What a run comes to that had this outcome; None where the delivery is ours no more."""
        match run.stop_reason:
            case None:
                return self.verdict.of(run, outcome)
            case StopReason.LEASE_LOST:
                return None
            case StopReason.GIVEN_BACK:
                return Settlement(run.delivery, JobEvent.GIVEN_BACK, reason="worker_stopped")
            case _:
                return self.verdict.of(run, settled_outcome(run, outcome))

    async def _invoke(self, run: Run) -> Outcome:
        try:
            returned = await self.call(run.handler, run.context, run.payload)
        except GeneratorExit:
            raise
        except BaseException:
            if run.stop_reason not in ENDED_BY_TIME:
                raise
            return _ended_by_time(run)
        if run.stop_reason in ENDED_BY_TIME:
            return _ended_by_time(run)
        return outcome_of_returned(returned)

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
        on_loop = handler.is_async and not handler.is_isolated
        ledger = self.effects if on_loop else self.blocking_effects
        if ledger is not None:
            known["effects"] = ledger.of(delivery, envelope.type)
        if self.submit is not None:
            known["submit"] = self.submit.submit_job
        context: JobContext
        if on_loop:
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
            limit=_limit(envelope, deadline),
            timeout_seconds=None if deadline is None else max(0.001, (deadline - now).total_seconds()),
            waited_seconds=max(0, to_milliseconds(now) - since) / 1000 if since else 0.0,
        )

    def _expired(self, delivery: Delivery, envelope: Envelope, now: datetime) -> Settlement | None:
        for limit, reason, applies in (
            # A crash takes the attempt back, but the job has been started.
            (envelope.expires, "expired", delivery.attempt == 1 and not delivery.crashes),
            (envelope.deadline, "deadline", True),
        ):
            if limit is not None and applies and now >= to_instant(limit):
                return self.verdict.cancelled(delivery, envelope, JobEvent.EXPIRED, reason)
        return None


def _limit(envelope: Envelope, ends: datetime | None) -> StopReason:
    is_deadline = envelope.deadline is not None and ends == to_instant(envelope.deadline)
    return StopReason.DEADLINE if is_deadline else StopReason.TIMEOUT


def _ended_by_time(run: Run) -> Outcome:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        task.uncancel()  # the cancelling was ours and has been heard; middleware goes on as after any failure
    return stopped_outcome(run)
