"""The circuit breaker around handlers that name a circuit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dependency_injector import providers
from structlog.testing import capture_logs

from hexjobs import Cancel, Discard, Fail, JobStatus, PermanentError, Retry, RetryLater, Snooze, job_handler
from hexjobs.adapters.worker.roles import Collect
from hexjobs.application.circuit_breaker import CircuitBreaker
from hexjobs.domain.errors import LeaseLost, ServerUnavailable
from hexjobs.domain.outcome import Done
from hexjobs.ports.circuits import CircuitState
from hexjobs.testing import TestJobs
from support.run import run
from support.worker_harness import container_with, handler_module

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TWO = {"circuits": {"stripe": {"failures": 2, "open_for": "30s"}}}


class Service:
    """An outside service as a handler meets it: `comes_to` is called, and what it returns is returned."""

    def __init__(self) -> None:
        self.comes_to: Callable[[], Any] = self.fail
        self.calls = 0

    @property
    def handler(self) -> Any:
        """A handler that calls it."""

        @job_handler("charge", circuit="stripe", max_retries=100)
        async def charge(context: Any, payload: dict[str, Any]) -> Any:
            self.calls += 1
            return self.comes_to()

        return charge

    def fail(self) -> None:
        """It is away."""
        raise ConnectionError("away")

    def answer(self) -> str:
        """It is well."""
        return "ok"


@contextmanager
def jobs_with(service: Service, number: int, settings: dict[str, Any]) -> Iterator[TestJobs]:
    """The job system of a test, with so many jobs submitted."""
    with (
        handler_module(service.handler) as name,
        TestJobs(handlers=[name], settings=settings, now=NOW) as jobs,
    ):
        for _ in range(number):
            jobs.service.submit_job("charge", {})
        yield jobs


def opened(jobs: TestJobs, name: str = "stripe") -> CircuitState:
    """The state of a circuit."""
    states: list[CircuitState] = run(jobs.container.access.circuits().states([name]))
    return states[0]


def test_it_opens_waits_and_closes() -> None:
    """Two failures open it; its jobs are put off without an attempt spent; one probe; success closes."""
    service = Service()
    with jobs_with(service, 10, TWO) as jobs, capture_logs() as logs:
        first = jobs.drain()
        assert (len(first.retried), len(first.snoozed), service.calls) == (2, 8, 2)
        put_off = jobs.service.get_job(first.snoozed[0].job_id)
        assert (put_off.status, put_off.attempt, put_off.reason) == (JobStatus.SCHEDULED, 0, "circuit_open")
        assert put_off.scheduled_at == jobs.clock.now() + timedelta(seconds=30)

        jobs.clock.advance("30s")
        second = jobs.drain()
        assert (len(second.retried), len(second.snoozed), service.calls) == (1, 9, 3), (
            "one probe, which failed"
        )
        assert opened(jobs) is CircuitState.OPEN

        service.comes_to = service.answer
        jobs.clock.advance("30s")
        third = jobs.drain()
        assert (len(third.completed), len(third.snoozed)) == (10, 0), "the first closed it for the others"
        assert opened(jobs) is CircuitState.CLOSED
    told = [(line["event"], line["circuit"]) for line in logs if line["event"].startswith("circuit_")]
    names = ["opened", "half_open", "opened", "half_open", "closed"]
    assert told == [(f"circuit_{name}", "stripe") for name in names]


def test_a_circuit_without_a_section_has_the_defaults() -> None:
    """Five failures within a minute, half a minute open."""
    service = Service()
    with jobs_with(service, 10, {}) as jobs:
        report = jobs.drain()
        assert (len(report.retried), len(report.snoozed)) == (5, 5)
        jobs.clock.advance(29.9)
        jobs.drain()
        assert service.calls == 5
        jobs.clock.advance(0.1)
        jobs.drain()
        assert service.calls == 6


def raising(error: BaseException) -> Callable[[], Any]:
    """Something that raises."""

    def comes_to() -> Any:
        raise error

    return comes_to


FAILURES = [raising(OSError("boom")), raising(SystemExit(1)), lambda: Retry("not yet")]
NEITHER = [
    raising(PermanentError("no such card")),
    raising(RetryLater(5)),
    raising(LeaseLost()),
    raising(ServerUnavailable()),
    lambda: Fail("no such card"),
    lambda: Snooze(timedelta(seconds=5)),
    Cancel,
    Discard,
    object,
]


@pytest.mark.parametrize("comes_to", FAILURES)
def test_failures_count(comes_to: Callable[[], Any]) -> None:
    """What would run again counts against the circuit."""
    service = Service()
    service.comes_to = comes_to
    with jobs_with(service, 3, TWO) as jobs:
        jobs.drain()
        assert (service.calls, opened(jobs)) == (2, CircuitState.OPEN)


@pytest.mark.parametrize("comes_to", [*NEITHER, lambda: "ok", lambda: Done("ok")])
def test_nothing_else_does(comes_to: Callable[[], Any]) -> None:
    """What says nothing about the service opens nothing."""
    service = Service()
    service.comes_to = comes_to
    with jobs_with(service, 5, TWO) as jobs:
        jobs.drain()
        assert (service.calls, opened(jobs)) == (5, CircuitState.CLOSED)


@pytest.mark.parametrize("comes_to", NEITHER)
def test_a_probe_that_found_nothing_out_lets_the_next_try(comes_to: Callable[[], Any]) -> None:
    """It neither closes nor opens the circuit, and holds up nobody."""
    service = Service()
    with jobs_with(service, 6, TWO) as jobs:
        jobs.drain()
        service.comes_to = comes_to
        jobs.clock.advance("30s")
        jobs.drain()
        assert service.calls == 8, "each job is a probe in turn"
        assert opened(jobs) is CircuitState.OPEN
        service.comes_to = service.answer
        jobs.service.submit_job("charge", {})
        jobs.drain()
        assert opened(jobs) is CircuitState.CLOSED


def test_a_handler_without_a_circuit_has_no_breaker_around_it() -> None:
    """It costs nothing where nobody asked for it."""

    @job_handler("plain")
    async def plain(context: Any, payload: dict[str, Any]) -> None:
        pass

    for handlers, breakers in ((plain,), 0), ((plain, Service().handler), 1):
        with handler_module(*handlers) as name:
            gates = container_with(name).executor().gates
        assert sum(isinstance(gate, CircuitBreaker) for gate in gates) == breakers


def test_the_class_form_names_its_circuit() -> None:
    """As every other option."""

    class Charge:
        job_type = "charge"
        payload_model = None
        circuit = "stripe"

        async def execute(self, context: Any, payload: Any) -> None:
            raise ConnectionError("away")

    with handler_module(Charge) as name, TestJobs(handlers=[name], settings=TWO) as jobs:
        for _ in range(3):
            jobs.service.submit_job("charge", {})
        assert len(jobs.drain().snoozed) == 1


class Away:
    """Circuits on a store that is away."""

    async def enter(self, *_: object) -> None:
        """No answer."""
        raise ServerUnavailable("away")

    fail = succeed = abandon = enter


def test_jobs_run_while_the_store_is_away() -> None:
    """The breaker keeps no job back for a store of its own that does not answer."""
    service = Service()
    with jobs_with(service, 1, TWO) as jobs, capture_logs() as logs:
        jobs.container.access.circuits.override(providers.Object(Away()))
        assert len(jobs.drain().retried) == 1
        service.comes_to = service.answer
        jobs.clock.advance("1h")
        assert len(jobs.drain().completed) == 1
    assert {line["circuit"] for line in logs if line["event"] == "circuit_unknown"} == {"stripe"}


def test_the_metric_follows_the_store() -> None:
    """Read with the store's own figures; circuits of the configuration are there before anything ran."""
    service = Service()
    settings = {"circuits": {"stripe": {"failures": 2}, "mail": {}}}
    with jobs_with(service, 3, settings) as jobs:
        collect: Collect = jobs.container.collect()
        jobs.drain()
        run(collect.step())
        metrics: Any = jobs.container.metrics()
        text = metrics.render()[0].decode()
    assert 'hexjobs_circuit_open{circuit="stripe"} 1.0' in text
    assert 'hexjobs_circuit_open{circuit="mail"} 0.0' in text
