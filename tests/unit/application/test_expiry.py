"""`expires_at`, `deadline` and the timeout are three things."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hexjobs import JobContext, JobType
from hexjobs.application.executor import Executor
from hexjobs.application.handler_registry import BoundHandler, HandlerRegistry
from hexjobs.application.run import Run, StopReason
from hexjobs.application.run_policy import RunDefaults, RunPolicy
from hexjobs.application.verdict import Verdict
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement
from support.frozen_clock import FrozenClock
from support.messages import message

HOUR = timedelta(hours=1)
CLOCK = FrozenClock()


async def _returns(context: JobContext, payload: Any) -> None:
    """Is not called."""


def executor(timeout: timedelta | None = HOUR) -> Executor:
    """One that knows the job type `report`."""
    policy = RunPolicy(RunDefaults(timeout=timeout))
    registry = HandlerRegistry([BoundHandler(JobType("report"), _returns, is_async=True)])

    async def call(handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        await handler.call(context, payload)

    return Executor(registry, policy, Verdict(policy, CLOCK), CLOCK, call)


def delivery(attempt: int = 1, crashes: int = 0, **fields: Any) -> Delivery:
    """A run of a job with these fields in its envelope, in milliseconds from now."""
    now = int(CLOCK.now().timestamp() * 1000)
    data = message("job", **{name: now + value for name, value in fields.items()}).data
    return Delivery("job", "default", JobPriority.NORMAL, data, attempt, fence=1, crashes=crashes)


def test_a_job_that_has_not_started_by_then_is_cancelled() -> None:
    """And one that expires later runs."""
    found = executor().prepare(delivery(expires=-1))
    assert isinstance(found, Settlement)
    assert (found.event, found.reason) == (JobEvent.EXPIRED, "expired")
    assert isinstance(executor().prepare(delivery(expires=1)), Run)


@pytest.mark.parametrize(("attempt", "crashes"), [(2, 0), (1, 1)])
def test_a_job_that_has_started_once_does_not_expire(attempt: int, crashes: int) -> None:
    """Also where its worker died under it, which takes the attempt back."""
    assert isinstance(executor().prepare(delivery(attempt, crashes, expires=-1)), Run)


@pytest.mark.parametrize(("attempt", "crashes"), [(1, 0), (2, 0), (1, 1)])
def test_no_run_starts_after_the_deadline(attempt: int, crashes: int) -> None:
    """Whatever came before."""
    found = executor().prepare(delivery(attempt, crashes, deadline=-1))
    assert isinstance(found, Settlement)
    assert (found.event, found.reason) == (JobEvent.EXPIRED, "deadline")


@pytest.mark.parametrize(
    ("timeout", "deadline", "limit", "seconds"),
    [
        (HOUR, {}, StopReason.TIMEOUT, 3600),
        (HOUR, {"deadline": 60_000}, StopReason.DEADLINE, 60),
        (timedelta(seconds=1), {"deadline": 60_000}, StopReason.TIMEOUT, 1),
        (None, {"deadline": 60_000}, StopReason.DEADLINE, 60),
        (None, {}, StopReason.TIMEOUT, None),
        (HOUR, {"expires": 60_000}, StopReason.TIMEOUT, 3600),
    ],
)
def test_a_run_has_the_lesser_of_both(
    timeout: timedelta | None, deadline: dict[str, int], limit: StopReason, seconds: float | None
) -> None:
    """And knows which it was; `expires_at` stops no run."""
    run = executor(timeout).prepare(delivery(**deadline))
    assert isinstance(run, Run)
    assert run.timeout_seconds == (None if seconds is None else pytest.approx(seconds, abs=0.01))
    if seconds is not None:
        assert run.limit is limit


def test_a_stop_outranks_what_the_middleware_makes_of_it() -> None:
    """A run that is given back or whose lease is lost is settled as that, or not at all."""
    for reason, event in ((StopReason.GIVEN_BACK, JobEvent.GIVEN_BACK), (StopReason.LEASE_LOST, None)):
        runs = executor()
        run = runs.prepare(delivery())
        assert isinstance(run, Run)
        run.stop_reason = reason
        settled = asyncio.run(runs.execute(run))
        assert (None if settled is None else settled.event) is event
