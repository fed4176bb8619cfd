"""Reconcile: one worker at a time, at its pace, telling what it repaired."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from hexjobs import JobContext, JobStatus, job_handler
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.adapters.worker.reconcile import Reconcile
from hexjobs.adapters.worker.role import RoleRunner
from hexjobs.ports.store_check import Finding, Pause, StoreReport
from support.frozen_clock import FrozenClock
from support.run import run
from support.until import until
from support.worker_harness import container_with, handler_module, working

MINUTE = timedelta(minutes=1)


@job_handler("noop")
async def noop(context: JobContext, payload: dict[str, Any]) -> None:
    """Does nothing."""


class Check:
    """A StoreCheck whose passes are made of parts that take a second each, or other `seconds`."""

    def __init__(
        self, clock: FrozenClock, parts: int = 0, report: StoreReport | None = None, seconds: int = 1
    ) -> None:
        self.clock, self.parts, self.seconds = clock, parts, seconds
        self.report = report or StoreReport([], {}, 0, {"jobs": 3})
        self.claims: list[tuple[str, float]] = []
        self.free = True
        self.word = "as it was"
        self.passes = 0

    async def claim(self, who: str, life: timedelta) -> str | None:
        self.claims.append((who, life.total_seconds()))
        return self.word if self.free else None

    async def check(self, *, repair: bool = False, pause: Pause | None = None) -> StoreReport:
        assert repair
        assert pause
        for _ in range(self.parts):
            self.clock.advance(self.seconds)
            await pause()
        self.passes += 1
        return self.report


def reconcile(check: Check, metrics: PrometheusJobMetrics | None = None) -> Reconcile:
    measured = metrics or PrometheusJobMetrics()
    return Reconcile(check, measured, check.clock, MINUTE, starts_after=timedelta(0))


def test_it_leaves_the_store_to_another() -> None:
    """And asks again after its interval."""

    async def scenario() -> None:
        check = Check(FrozenClock())
        check.free = False
        assert await reconcile(check).step() == 60
        assert check.passes == 0

    run(scenario())


@pytest.mark.parametrize(("starts_after", "wait"), [(5, 5), (300, 60)])
def test_a_start_comes_first(starts_after: int, wait: int) -> None:
    """The first pass waits for it, once, and never longer than the interval."""

    async def scenario() -> None:
        check = Check(FrozenClock())
        role = reconcile(check)
        role.starts_after = timedelta(seconds=starts_after)
        assert await role.step() == wait
        assert (check.claims, check.passes) == ([], 0)
        assert await role.step() == 60
        assert check.passes == 1

    run(scenario())


def test_a_short_pass_keeps_the_others_away_until_the_next() -> None:
    """So a fleet checks no more often than one worker."""

    async def scenario() -> None:
        check = Check(FrozenClock())
        role = reconcile(check)
        assert await role.step() == 60
        assert check.claims == [(role.who, 30), (role.who, 60)]

    run(scenario())


def test_a_store_that_stands_still_is_checked_more_seldom() -> None:
    """Each fifth time; at once when something has come, run or ended; and the others are kept away all the while."""

    async def scenario() -> None:
        check = Check(FrozenClock())
        role = reconcile(check)
        passes = []
        for number in range(8):
            if number == 7:
                check.word = "changed"
            assert await role.step() == 60
            passes.append(check.passes)
        assert passes == [1, 1, 1, 1, 1, 2, 2, 3]
        assert [life for _, life in check.claims] == [30, 60] * 8

    run(scenario())


def test_a_store_that_was_repaired_is_checked_again() -> None:
    """What broke it may go on."""

    async def scenario() -> None:
        finding = Finding("queued_twice", "jobs:queue", "it waits twice", "job", repaired=True)
        check = Check(FrozenClock(), report=StoreReport([finding], {"queued_twice": 1}, 0, {}))
        role = reconcile(check)
        for _ in range(3):
            await role.step()
        assert check.passes == 3

    run(scenario())


def test_a_long_pass_pauses_and_is_followed_by_a_long_rest() -> None:
    """A pause as long as each part, and nine times as long as the pass after it; the claim is renewed meanwhile."""

    async def scenario() -> None:
        clock = FrozenClock()
        check = Check(clock, parts=10)
        step = asyncio.create_task(reconcile(check).step())
        while not step.done():
            await asyncio.sleep(0)
            if clock.sleepers:
                clock.advance(1)
        assert step.result() == 180, "ten seconds of work, ten of pauses, nine times as much of rest"
        assert [life for _, life in check.claims] == [30, 30, 30, 30, 180]

    run(scenario())


def test_a_long_pass_is_no_standstill() -> None:
    """Each part of it shows that the role goes on."""

    async def scenario() -> None:
        clock = FrozenClock()
        check = Check(clock, parts=3, seconds=50)
        runner = RoleRunner(reconcile(check), clock)
        runner.start()
        for parts in range(3):
            await until(lambda: clock.sleepers)
            assert runner.tried == parts * 100 + 50
            clock.advance(50)
        await until(lambda: check.passes)
        await runner.stop()

    run(scenario())


def test_a_pass_ends_where_another_worker_has_taken_over() -> None:
    """As after a long stand-still of this process."""

    async def scenario() -> None:
        clock = FrozenClock()
        check = Check(clock, parts=10)

        async def lose(who: str, life: timedelta) -> str | None:
            check.claims.append((who, 0))
            return "mine" if len(check.claims) == 1 else None

        check.claim = lose  # type: ignore[method-assign]  # a claim that is lost
        step = asyncio.create_task(reconcile(check).step())
        while not step.done():
            await asyncio.sleep(0)
            if clock.sleepers:
                clock.advance(1)
        assert step.result() == 60
        assert check.passes == 0

    run(scenario())


def test_a_cancellation_that_was_swallowed_ends_the_pass() -> None:
    """Client libraries do that now and then."""

    async def scenario() -> None:
        check = Check(FrozenClock(), parts=1, seconds=0)
        role = reconcile(check)

        async def swallows() -> float:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                return await role.step()
            return 0.0

        task = asyncio.create_task(swallows())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scenario())


def test_what_was_repaired_is_logged_and_counted() -> None:
    """Each finding with its code and job; what the report leaves out is counted too."""

    async def scenario() -> None:
        finding = Finding("not_queued", "jobs:queue:default:normal", "it is pending", "job-1", True)
        check = Check(FrozenClock(), report=StoreReport([finding], {"not_queued": 3}, 0, {"jobs": 3}))
        metrics = PrometheusJobMetrics()
        with capture_logs() as logs:
            await reconcile(check, metrics).step()
        repaired, more, done = logs
        assert (repaired["event"], repaired["code"], repaired["job_id"]) == (
            "store_repaired",
            "not_queued",
            "job-1",
        )
        assert (more["event"], more["repairs"]) == ("store_repaired_more", 2)
        assert (done["event"], done["jobs"]) == ("store_reconciled", 3)
        assert 'hexjobs_repairs_total{code="not_queued"} 3.0' in metrics.render()[0].decode()

    run(scenario())


def test_a_worker_puts_right_what_is_broken() -> None:
    """By itself: a job that is in no line runs."""

    async def scenario() -> None:
        with handler_module(noop) as handlers:
            container = container_with(handlers)
            state = container.memory()
            job_id = await container.access.use_cases().submit.many([("noop", {})])
            state.lines.remove(state.jobs[job_id[0]])
            role = container.reconcile()
            role.starts_after = timedelta(0)
            await role.step()
            assert state.lines.ids() == job_id
        async with working(noop) as (service, _):
            job_id = [await service.submit_job("noop")]
            assert (await service.wait_for(job_id[0], 5)).status is JobStatus.COMPLETED
            assert (await service.check_store()).findings == []

    run(scenario())
