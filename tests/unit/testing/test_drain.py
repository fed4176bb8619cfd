"""TestJobs.drain: what is due runs, by the real executor, and the clock decides what is due."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hexjobs import (
    BlockingJobContext,
    Discard,
    InvalidConfiguration,
    JobContext,
    JobEventInfo,
    JobFailed,
    JobStatus,
    PermanentError,
    Retry,
    RetryLater,
    WaitTimeout,
    job_handler,
    on_completed,
    on_dead,
)
from hexjobs.ports.clock import Clock
from hexjobs.testing import TestJobs
from support.run import run
from support.worker_harness import handler_module


@contextmanager
def jobs_with(*declared: Any, **options: Any) -> Iterator[TestJobs]:
    with handler_module(*declared) as name, TestJobs(handlers=[name], **options) as jobs:
        yield jobs


@job_handler("echo")
def echo(context: JobContext, payload: dict[str, Any]) -> Any:
    return payload["say"]


def test_nothing_runs_before_a_drain_and_everything_due_in_one() -> None:
    """Also what handlers submit, and in the order of priorities."""
    ran: list[str] = []

    @job_handler("parent")
    async def parent(context: JobContext, payload: dict[str, Any]) -> None:
        ran.append("parent")
        await context.submit_job("child", {"say": "last"})

    @job_handler("child")
    def child(context: BlockingJobContext, payload: dict[str, Any]) -> None:
        ran.append(payload["say"])
        if payload["say"] == "first":
            context.submit_job("child", {"say": "second"}, priority="high")

    with jobs_with(parent, child) as jobs:
        jobs.service.submit_job("child", {"say": "first"})
        jobs.service.submit_job("parent", {}, priority="critical")
        assert ran == []
        report = jobs.drain()
    assert ran == ["parent", "first", "second", "last"]
    assert [job.type for job in report.completed] == ["parent", "child", "child", "child"]
    assert len(report) == 4


def test_the_report_tells_every_kind_of_ending() -> None:
    """By lists of jobs, by the first error, and as text."""

    @job_handler("ends", max_retries=1)
    def ends(context: JobContext, payload: dict[str, Any]) -> Any:
        match payload["how"]:
            case "well":
                return 42
            case "retried":
                raise ConnectionError("away")
            case "dead":
                raise PermanentError("never")
            case "later":
                raise RetryLater(60)
            case how:
                return Discard("not needed") if how == "discarded" else Retry("once more")

    kinds = ("well", "retried", "dead", "later", "discarded", "returned")
    with jobs_with(ends) as jobs:
        for how in kinds:
            jobs.service.submit_job("ends", {"how": how}, job_id=how)
        report = jobs.drain()
        ids = {
            name: [job.job_id for job in getattr(report, name)]
            for name in ("completed", "retried", "failed", "snoozed", "cancelled")
        }
        assert ids == {
            "completed": ["well"],
            "retried": ["retried", "returned"],
            "failed": ["dead"],
            "snoozed": ["later"],
            "cancelled": ["discarded"],
        }
        assert report.completed[0].result == 42
        assert isinstance(report.error, ConnectionError)
        assert isinstance(list(report)[5].error, JobFailed), "it raised nothing, and failed all the same"
        assert str(report).splitlines()[1] == "ends retried: erred: ConnectionError('away')"
        assert str(jobs.drain()) == "nothing was due"


def test_retries_come_when_the_clock_says_and_without_jitter() -> None:
    """Waits double: 10 s, 20 s; then the attempts are spent."""
    attempts: list[int] = []

    @job_handler("fails", max_retries=2, retry_delay="10s")
    async def fails(context: JobContext, payload: dict[str, Any]) -> None:
        attempts.append(context.attempt)
        raise ValueError(context.attempt)

    with jobs_with(fails, now=datetime(2026, 1, 1, tzinfo=UTC)) as jobs:
        job_id = jobs.service.submit_job("fails", {})
        [retried] = jobs.drain().retried
        assert retried.scheduled_at == datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
        jobs.clock.advance(9.999)
        assert not jobs.drain()
        jobs.clock.advance("1ms")
        assert len(jobs.drain().retried) == 1
        jobs.clock.advance(timedelta(seconds=20))
        assert [job.job_id for job in jobs.drain().failed] == [job_id]
    assert attempts == [1, 2, 3]


def test_the_first_error_is_raised_where_asked_after_everything_ran() -> None:
    """The very exception of the handler."""
    errors = [ValueError("first"), KeyError("second")]

    @job_handler("fails")
    def fails(context: JobContext, payload: dict[str, Any]) -> None:
        raise errors[payload["n"]]

    with jobs_with(fails, echo) as jobs:
        jobs.service.submit_jobs([("fails", {"n": 0}), ("fails", {"n": 1}), ("echo", {"say": 1})])
        with pytest.raises(ValueError, match="first") as raised:
            jobs.drain(raise_errors=True)
        assert raised.value is errors[0]
        assert len(jobs.service.find_jobs(status=JobStatus.COMPLETED)) == 1


def test_a_job_that_submits_itself_for_ever_is_found_out() -> None:
    """Instead of a test that hangs."""
    runs: list[str] = []

    @job_handler("again")
    def again(context: BlockingJobContext, payload: dict[str, Any]) -> None:
        runs.append(context.job_id)
        context.submit_job("again", {})

    with jobs_with(again) as jobs:
        jobs.service.submit_job("again", {})
        with pytest.raises(RuntimeError, match=r"more than 20 runs.*again"):
            jobs.drain(max_runs=20)
        assert len(runs) == 21


def test_def_handlers_run_in_the_thread_of_the_test_and_coroutines_on_one_loop() -> None:
    """Where a transaction of the test is seen; with the context variables of the test. A client made in one drain is
    of use in the next."""
    variable = contextvars.ContextVar("variable", default="unset")
    places: list[Any] = []

    @job_handler("blocking")
    def blocking(context: JobContext, payload: dict[str, Any]) -> None:
        places.append((threading.current_thread(), variable.get()))
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()

    @job_handler("waiting")
    async def waiting(context: JobContext, payload: dict[str, Any]) -> None:
        places.append((asyncio.get_running_loop(), variable.get()))

    with jobs_with(blocking, waiting) as jobs:
        variable.set("set")
        for _ in range(2):
            jobs.service.submit_jobs([("blocking", {}), ("waiting", {})])
            jobs.drain(raise_errors=True)
    here = (threading.current_thread(), "set")
    assert places[0] == places[2] == here
    assert places[1] == places[3] != here
    assert not [thread for thread in threading.enumerate() if thread.name == "hexjobs-testing"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, pytest.fail.Exception])
def test_what_ends_a_test_is_no_failure_of_the_job(kind: type[BaseException]) -> None:
    """Control-C, and pytest.fail in a fake, pass through a `def` handler to the test."""

    @job_handler("interrupted")
    def interrupted(context: JobContext, payload: dict[str, Any]) -> None:
        raise kind("stop")

    with jobs_with(interrupted) as jobs:
        jobs.service.submit_job("interrupted", {})
        with pytest.raises(kind, match="stop"):
            jobs.drain()


def test_sys_exit_in_a_handler_is_a_failure_of_the_job() -> None:
    """As in a worker."""

    @job_handler("leaves")
    def leaves(context: JobContext, payload: dict[str, Any]) -> None:
        raise SystemExit(3)

    with jobs_with(leaves) as jobs:
        jobs.service.submit_job("leaves", {})
        assert isinstance(jobs.drain().error, SystemExit)


def test_inside_an_event_loop_there_is_drain_async() -> None:
    """`async def` handlers run on that loop; the other form says so."""
    loops: list[asyncio.AbstractEventLoop] = []

    @job_handler("waiting")
    async def waiting(context: JobContext, payload: dict[str, Any]) -> None:
        loops.append(asyncio.get_running_loop())

    async def test() -> None:
        async with TestJobs(handlers=[name]) as jobs:
            await jobs.async_service.submit_jobs([("waiting", {}), ("echo", {"say": "a"})])
            with pytest.raises(RuntimeError, match=r"await drain_async\(\)"):
                jobs.drain()
            assert len((await jobs.drain_async()).completed) == 2
            assert loops == [asyncio.get_running_loop()]

    with handler_module(waiting, echo) as name:
        run(test())


def test_observers_have_heard_when_a_drain_returns() -> None:
    """Both forms."""
    heard: list[str] = []

    @on_completed
    async def completed(event: JobEventInfo) -> None:
        await asyncio.sleep(0.1)
        heard.append(event.status)

    @on_dead
    def dead(event: JobEventInfo) -> None:
        heard.append(f"{event.status}: {event.reason}")

    @job_handler("fails", max_retries=0)
    def fails(context: JobContext, payload: dict[str, Any]) -> None:
        raise ValueError

    with jobs_with(echo, fails, completed, dead) as jobs:
        jobs.service.submit_jobs([("fails", {}), ("echo", {"say": 1})])
        jobs.drain()
        assert heard == ["failed: attempts_exhausted", "completed"]


def test_recurring_schedules_fire_by_the_clock() -> None:
    """In a drain, once for each look, as with a scheduler that was away."""
    with jobs_with(echo, now=datetime(2026, 1, 1, 1, 59, tzinfo=UTC)) as jobs:
        jobs.service.schedule_recurring("nightly", "echo", {"say": "night"}, cron="0 2 * * *")
        assert not jobs.drain()
        jobs.clock.advance("1m")
        [job] = jobs.drain().completed
        assert job.job_id == "schedule:nightly:2026-01-01T02:00:00Z"
        assert not jobs.drain()


def test_waiting_for_a_job_says_that_nothing_runs_by_itself() -> None:
    """To either service, at once; after a drain it answers."""
    with jobs_with(echo) as jobs:
        job_id = jobs.service.submit_job("echo", {"say": 7})
        with pytest.raises(WaitTimeout, match=r"call drain\(\) before, or use eager=True"):
            jobs.service.wait_for(job_id)
        with pytest.raises(WaitTimeout, match="drain"):
            run(jobs.async_service.wait_for(job_id, timeout=timedelta(minutes=1)))
        jobs.drain()
        assert jobs.service.wait_for(job_id).result == 7


def test_a_handler_that_sleeps_by_the_clock_goes_on_at_once() -> None:
    """And the clock is that much later."""
    seen: list[timedelta] = []

    @job_handler("sleeps")
    async def sleeps(context: JobContext, payload: dict[str, Any], clock: Clock) -> None:
        before, since = clock.now(), clock.monotonic()
        await clock.sleep(3600)
        seen.append(clock.now() - before)
        assert clock.monotonic() - since == 3600

    with jobs_with(sleeps) as jobs:
        jobs.service.submit_job("sleeps", {})
        jobs.drain(raise_errors=True)
    assert seen == [timedelta(hours=1)]


def test_the_clock_refuses_what_time_does_not_do() -> None:
    """To run backwards, and to stand at an instant of no zone."""
    with TestJobs() as jobs, pytest.raises(ValueError, match="backwards"):
        jobs.clock.advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        TestJobs(now=datetime(2026, 1, 1))  # noqa: DTZ001  # that is refused


def test_neither_environment_nor_working_directory_take_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what is given."""
    (tmp_path / "hexjobs.yaml").write_text(
        'jobs: {worker_pool: {max_retries: "${RETRIES}"}}\nqueues: {slow: {}}\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEXJOBS_JOBS__WORKER_POOL__MAX_RETRIES", "7")
    monkeypatch.setenv("HEXJOBS_CONFIG", "nowhere.yaml")
    assert retries(TestJobs()) == 3
    assert retries(TestJobs(config="hexjobs.yaml", environ={"RETRIES": "5"})) == 5
    changed = TestJobs(
        config="hexjobs.yaml", environ={"RETRIES": "5"}, settings={"jobs.worker_pool.max_retries": 0}
    )
    assert retries(changed) == 0
    assert changed.container.settings().jobs.provider == "memory"
    assert "slow" in changed.container.validator().queues


def retries(jobs: TestJobs) -> int:
    settings: Any = jobs.container.settings()
    return int(settings.jobs.worker_pool.max_retries)


def test_a_handler_module_that_is_wrong_is_told_at_once() -> None:
    """Not at the first submit."""
    with pytest.raises(InvalidConfiguration, match="no_such_module"):
        TestJobs(handlers=["no_such_module"])


def test_a_configuration_that_demands_durability_serves_in_tests(tmp_path: Path) -> None:
    """That of production, as it is: the jobs of a test are in memory all the same."""
    config = tmp_path / "production.yaml"
    config.write_text("jobs: {provider: redis, require_durable: true}")
    with TestJobs(config=config) as jobs:
        job_id = jobs.service.submit_job(
            "data_cleanup", {"cleanup_type": "temp_files", "older_than_hours": 1}
        )
        assert jobs.service.get_job_status(job_id) is JobStatus.PENDING
