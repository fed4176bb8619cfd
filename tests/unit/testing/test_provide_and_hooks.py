"""What handlers are given in a test, and the hooks of their modules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hexjobs import EmailService, JobContext, job_handler, on_start, on_stop, provider
from hexjobs.ports.services import MailMessage, MailReport
from hexjobs.testing import TestJobs
from support.run import run
from support.worker_harness import handler_module


class Outbox:
    """Keeps mail."""

    def __init__(self) -> None:
        self.messages: list[MailMessage] = []

    async def send(self, messages: Any) -> MailReport:
        self.messages += messages
        return MailReport(tuple(message.to for message in messages), {})


class Gate:
    """Something that hooks open and close."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.loops: list[Any] = []


class RealGate(Gate):
    pass


@provider
def real_gate() -> Gate:
    return RealGate()


@on_start
async def opens(gate: Gate) -> None:
    gate.calls.append("open")
    gate.loops.append(asyncio.get_running_loop())


@on_stop
async def closes(gate: Gate) -> None:
    gate.calls.append("close")
    gate.loops.append(asyncio.get_running_loop())


@job_handler("pass")
async def passes(context: JobContext, payload: dict[str, Any], gate: Gate) -> str:
    gate.calls.append("pass")
    gate.loops.append(asyncio.get_running_loop())
    return type(gate).__name__


def test_a_shipped_handler_is_given_the_fake() -> None:
    """In place of the adapter that would call a mail server."""
    outbox = Outbox()
    with TestJobs(provide={EmailService: outbox}) as jobs:
        jobs.service.submit_job(
            "email", {"email_type": "welcome", "to": "ada@example.com", "username": "Ada"}
        )
        jobs.drain(raise_errors=True)
    assert [message.to for message in outbox.messages] == ["ada@example.com"]


def test_what_a_test_provides_goes_before_the_providers_of_modules() -> None:
    """Which serve where it provides nothing."""
    with handler_module(real_gate, passes) as name:
        for provide, given in (({}, "RealGate"), ({Gate: Gate()}, "Gate")):
            with TestJobs(handlers=[name], provide=provide) as jobs:
                jobs.service.submit_job("pass", {})
                assert [job.result for job in jobs.drain(raise_errors=True).completed] == [given]


def test_hooks_surround_the_jobs_of_a_test_with_one_event_loop() -> None:
    """Start hooks before the first job, once; stop hooks at the end; they are given fakes by type as well."""
    gate = Gate()
    with handler_module(opens, closes, passes) as name:
        with TestJobs(handlers=[name], provide={Gate: gate}) as jobs:
            jobs.service.submit_job("pass", {})
            assert gate.calls == []
            jobs.drain(raise_errors=True)
            jobs.service.submit_job("pass", {})
            jobs.drain(raise_errors=True)
            assert gate.calls == ["open", "pass", "pass"]
        assert gate.calls == ["open", "pass", "pass", "close"]
        assert len(set(gate.loops)) == 1


def test_hooks_of_an_asynchronous_test_run_on_its_loop() -> None:
    """And `with` in place of `async with` says so, rather than to stop the loop."""
    gate = Gate()

    async def test() -> None:
        async with TestJobs(handlers=[name], provide={Gate: gate}) as jobs:
            await jobs.async_service.submit_job("pass", {})
            await jobs.drain_async(raise_errors=True)
            with pytest.raises(RuntimeError, match=r"async with TestJobs"):
                jobs.close()
        assert set(gate.loops) == {asyncio.get_running_loop()}

    with handler_module(opens, closes, passes) as name:
        run(test())
    assert gate.calls == ["open", "pass", "close"]


def test_where_no_job_runs_no_hook_runs() -> None:
    """A test that looks at what was submitted needs nothing of what handlers need."""
    with handler_module(opens, closes, passes) as name, TestJobs(handlers=[name]) as jobs:
        jobs.service.submit_job("pass", {})
        jobs.assert_submitted("pass")


def test_a_start_hook_that_fails_fails_the_drain() -> None:
    """Each time, with its own exception; no job runs."""

    @on_start
    def fails() -> None:
        raise OSError("no gate")

    with handler_module(fails, real_gate, passes) as name, TestJobs(handlers=[name]) as jobs:
        job_id = jobs.service.submit_job("pass", {})
        for _ in range(2):
            with pytest.raises(OSError, match="no gate"):
                jobs.drain()
        assert jobs.service.get_job(job_id).attempt == 0
