"""Verdict: what an outcome means for the queue."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from ..domain.errors import PermanentError, RetryLater
from ..domain.outcome import Cancel, Crash, Discard, Done, Fail, Outcome, Retry, Snooze
from ..domain.transitions import JobEvent
from ..ports.clock import Clock
from ..ports.delivery import Delivery, Settlement
from ..ports.envelope import Envelope
from .messages import to_instant
from .run import Run
from .run_policy import RunPolicy

MAX_ERROR_LENGTH = 8_000
_SUCCEEDED = JobEvent.SUCCEEDED  # to look an enum's member up costs more than all else that a success needs


@dataclass(frozen=True, slots=True)
class Verdict:
    """Turns outcomes into settlements, by the policy of the job."""

    policy: RunPolicy
    clock: Clock
    random: Callable[[], float] = random.random

    def of(self, run: Run, outcome: Outcome) -> Settlement:
        """The settlement of a run that came to this outcome."""
        delivery, envelope = run.delivery, run.envelope
        match outcome:
            case Done(result):
                return Settlement(
                    delivery,
                    _SUCCEEDED,
                    result=result,
                    keep=self.policy.keep_completed(envelope),
                    unique=envelope.unique,
                )
            case Retry(error, delay):
                retry_policy = self.policy.retry(envelope, run.handler.job_type)
                if not retry_policy.allows(delivery.attempt):
                    return self.dead(delivery, envelope, "attempts_exhausted", error)
                wait = retry_policy.wait(delivery.attempt, self.random()) if delay is None else delay
                if envelope.deadline is not None and self.clock.now() + wait >= to_instant(envelope.deadline):
                    return self.dead(delivery, envelope, "deadline", error)
                return Settlement(delivery, JobEvent.ERRED, delay=wait, error=error, reason="retry")
            case Fail(error, reason):
                return self.dead(delivery, envelope, reason, error)
            case Snooze(delay, why):
                return Settlement(delivery, JobEvent.SNOOZED, delay=delay, reason=why or "snoozed")
            case Crash(error):
                crash, limit = delivery.crashes + 1, self.policy.crash_limit(run.handler.job_type)
                if crash >= limit:  # now, while the cause is known
                    return self.dead(delivery, envelope, "crashed", f"{error} (crash {crash} of {limit})")
                return Settlement(delivery, JobEvent.CRASHED, error=error, reason=JobEvent.CRASHED.value)
            case Cancel(why):
                return self.cancelled(delivery, envelope, JobEvent.CANCELLED, why)
            case Discard(why):
                return self.cancelled(delivery, envelope, JobEvent.DISCARDED, why)

    def dead(self, delivery: Delivery, envelope: Envelope | None, reason: str, error: str) -> Settlement:
        """Dead-letter it, with its last error."""
        return Settlement(
            delivery,
            JobEvent.DIED,
            reason=reason,
            error=error[:MAX_ERROR_LENGTH],
            keep=self.policy.keep_failed,
            unique=None if envelope is None else envelope.unique,
        )

    def cancelled(self, delivery: Delivery, envelope: Envelope, event: JobEvent, why: str) -> Settlement:
        """End it as cancelled."""
        return Settlement(
            delivery,
            event,
            reason=why or event.value,
            keep=self.policy.keep_cancelled(envelope),
            unique=envelope.unique,
        )


def outcome_of(error: BaseException) -> Outcome:
    """What an exception of a handler means."""
    if isinstance(error, RetryLater):
        return Snooze(error.delay, "retry_later")
    text = describe(error)
    if isinstance(error, PermanentError):
        return Fail(text)
    return Retry(text)


def describe(error: BaseException) -> str:
    """The exception as text: its type, its message and the last lines of its traceback."""
    return "".join(traceback.format_exception(error, limit=-6))[-MAX_ERROR_LENGTH:].strip()
