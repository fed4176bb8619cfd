"""Executor: turns a delivery into a settlement: read, run, judge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from ..domain.errors import InvalidJob
from ..domain.outcome import Fail, Outcome, Retry
from ..domain.transitions import JobEvent
from ..ports.clock import Clock
from ..ports.delivery import Delivery, Settlement
from ..ports.envelope import Envelope, MalformedEnvelope, NewerEnvelope, decode_envelope, made_at
from ..ports.job_metrics import JobMetrics
from .effect_ledger import EffectLedger
from .handler_registry import BoundHandler, HandlerRegistry
from .job_context import JobContext
from .job_result import outcome_of_returned
from .log_ids import bind_log_ids
from .middleware import MetricsMiddleware, Middleware, Proceed, compose
from .run import Run, StopReason
from .run_context import BlockingRunContext, RunContext, RunServices
from .run_policy import RunPolicy
from .stopped_run import settled_outcome, stopped_outcome
from .verdict import Verdict, outcome_of

NEWER_VERSION_DELAY = timedelta(seconds=30)
ENDED_BY_TIME = (StopReason.TIMEOUT, StopReason.DEADLINE)


class Caller(Protocol):
    """Calls a handler where it belongs: on the event loop, in a thread, or in a process of its own (with the raw payload)."""

    def __call__(self, handler: BoundHandler, context: JobContext, payload: Any) -> Awaitable[Any]:
        """To be awaited: what the handler returned; raises what it raised."""
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
    """Turns a delivery into a settlement. A handler's failure never escapes it.

    `gates` surround a run before it counts as started, `layers` after that.
    """

    registry: HandlerRegistry
    policy: RunPolicy
    verdict: Verdict
    clock: Clock
    call: Caller
    gates: Sequence[Middleware] = ()
    layers: Sequence[Middleware] = ()
    metrics: JobMetrics | None = None
    submit: SubmitFromHandler | None = None
    save_progress: Callable[[Delivery, Any], None] | None = None
    effects: EffectLedger | None = None
    blocking_effects: EffectLedger | None = None
    _proceed: Proceed = field(init=False)
    _on_loop: RunServices = field(init=False)
    _in_thread: RunServices = field(init=False)

    def __post_init__(self) -> None:
        layers = self.layers if self.metrics is None else [MetricsMiddleware(self.metrics), *self.layers]
        self._proceed = compose([*self.gates, *layers], self._invoke)
        submit, save = self.submit, self.save_progress
        waiting, blocking = (
            (None, None) if submit is None else (submit.submit_job, submit.submit_job_blocking)
        )
        self._on_loop = RunServices(self.policy, waiting, None, save, self.effects)
        self._in_thread = RunServices(self.policy, waiting, blocking, save, self.blocking_effects)

    def now(self) -> int:
        """What `prepare` takes as the instant: milliseconds since 1970."""
        return self.clock.milliseconds()

    def prepare(self, delivery: Delivery, now: int | None = None) -> Run | Settlement:
        """Read the delivery: a run, or at once the settlement of what cannot or need not run.

        `now` may be that of all deliveries that came together. What ends at an instant is held against the clock.
        """
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
        if envelope.expires is not None or envelope.deadline is not None:
            now = self.now()
            expired = self._expired(delivery, envelope, now)
            if expired is not None:
                return expired
        handler = self.registry.get(envelope.type)
        if delivery.crashes:
            limit = self.policy.crash_limit(None if handler is None else handler.job_type)
            if delivery.crashes >= limit:
                times = "once" if delivery.crashes == 1 else f"{delivery.crashes} times"
                return self.verdict.dead(
                    delivery, envelope, "crashed", f"its worker died {times} while it ran"
                )
        if handler is None:
            return self.verdict.dead(
                delivery, envelope, "unknown_type", f"no handler for job type {envelope.type!r}"
            )
        try:
            payload = handler.read(envelope.payload)
        except (InvalidJob, ValueError) as error:
            return self.verdict.dead(delivery, envelope, "invalid_payload", str(error))
        return self._run(delivery, envelope, handler, payload, self.now() if now is None else now)

    async def execute(self, run: Run) -> Settlement | None:
        """Run the handler inside the middleware and judge what came of it; None where the delivery is ours no more.

        To be awaited in a task of the job's own: its ids are bound to all log lines of that from here on.
        """
        bind_log_ids(run.delivery.job_id, run.job_type, run.delivery.attempt)
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
        if run.stop_reason is None:
            return self.verdict.of(run, outcome)
        match run.stop_reason:
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
        if run.stop_reason is not None and run.stop_reason in ENDED_BY_TIME:
            return _ended_by_time(run)
        return outcome_of_returned(returned)

    def _run(
        self, delivery: Delivery, envelope: Envelope, handler: BoundHandler, payload: Any, now: int
    ) -> Run:
        described, limit = handler.job_type, StopReason.TIMEOUT
        timeout = self.policy.timeout(envelope, described)
        seconds = None if timeout is None else max(0.001, timeout.total_seconds())
        if envelope.deadline is not None:
            left = max(0.001, (envelope.deadline - now) / 1000)
            if seconds is None or left <= seconds:
                seconds, limit = left, StopReason.DEADLINE
        context: JobContext
        if handler.is_on_loop:
            context = RunContext(delivery, envelope, handler, now, self._on_loop)
        else:
            context = BlockingRunContext(delivery, envelope, handler, now, self._in_thread)
        since = max(made_at(delivery.job_id, envelope), envelope.due or 0)
        waited = max(0, now - since) / 1000 if since else 0.0
        return Run(delivery, envelope, handler, payload, context, seconds, waited, limit)

    def _expired(self, delivery: Delivery, envelope: Envelope, now: int) -> Settlement | None:
        for limit, reason, applies in (
            # A crash takes the attempt back, but the job has been started.
            (envelope.expires, "expired", delivery.attempt == 1 and not delivery.crashes),
            (envelope.deadline, "deadline", True),
        ):
            if limit is not None and applies and now >= limit:
                return self.verdict.cancelled(delivery, envelope, JobEvent.EXPIRED, reason)
        return None


def _ended_by_time(run: Run) -> Outcome:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        task.uncancel()  # the cancelling was ours and has been heard; middleware goes on as after any failure
    return stopped_outcome(run)
