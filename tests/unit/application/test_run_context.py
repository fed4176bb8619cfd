"""What a handler is given in a worker: its context, and a payload that no model checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hexjobs import BlockingJobContext, JobContext, JobType
from hexjobs.application.handler_registry import BoundHandler
from hexjobs.application.run_context import BlockingRunContext, RunContext, RunServices
from hexjobs.application.run_policy import RunDefaults, RunPolicy
from hexjobs.domain.priority import JobPriority
from hexjobs.ports.delivery import Delivery
from hexjobs.ports.envelope import Envelope

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DELIVERY = Delivery("job-1", "mail", JobPriority.HIGH, b"", attempt=2, fence=7)
HANDLER = BoundHandler(JobType("report", max_retries=5), print, is_async=False)


def context_of(
    kind: type[RunContext] = RunContext, *, services: RunServices | None = None, **fields: Any
) -> RunContext:
    """That of a run of a job with these fields in its envelope."""
    envelope = Envelope(1, "report", queue="mail", **fields)
    policy = RunPolicy(RunDefaults(timeout=timedelta(minutes=1)))
    began = int(BEGAN.timestamp() * 1000)
    return kind(DELIVERY, envelope, HANDLER, began, services or RunServices(policy))


def test_the_facts_are_those_of_the_delivery_its_envelope_and_the_policy() -> None:
    """Option over handler over configuration."""
    context = context_of(tags=["a", "b"], metadata={"by": "me"}, headers={"traceparent": "00-1"})
    assert (context.job_id, context.job_type, context.queue) == ("job-1", "report", "mail")
    assert (context.attempt, context.fence_token, context.max_retries) == (2, 7, 5)
    assert (context.tags, context.metadata) == (("a", "b"), {"by": "me"})
    assert (context.headers, context.deadline) == ({"traceparent": "00-1"}, BEGAN + timedelta(minutes=1))
    bare = context_of(max_retries=0, timeout=0)
    assert (bare.max_retries, bare.deadline, bare.tags) == (0, None, ())
    assert (bare.metadata, bare.headers) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "parent"), [(RunContext, JobContext), (BlockingRunContext, BlockingJobContext)]
)
def test_it_is_what_handlers_are_annotated_with(kind: type[RunContext], parent: type[JobContext]) -> None:
    """A worker's own kind is nobody's business."""
    assert isinstance(context_of(kind), parent)


def test_a_run_that_was_given_up_keeps_no_progress() -> None:
    """Also where it told none before."""
    saved: list[Any] = []
    services = RunServices(RunPolicy(RunDefaults()), save_progress=lambda _, value: saved.append(value))
    for told_before in (True, False):
        context = context_of(services=services)
        if told_before:
            context.progress(1)
        context.abandon()
        context.progress(2)
    assert saved == [1]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a":[1,2.5,null,true,"\xc3\xa9"]}', {"a": [1, 2.5, None, True, "é"]}),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"half":"\\ud800"}', {"half": "\ud800"}),
        (b'{"large":1e400}', {"large": float("inf")}),
    ],
)
def test_a_payload_that_no_model_checks_comes_as_python_reads_it(raw: bytes, value: object) -> None:
    """Also what another system sent that our own submit would have refused."""
    assert HANDLER.read(msgspec.Raw(raw)) == value
