"""Nothing that a handler raises stops the worker, wherever it raises it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import uvloop
from pydantic import BaseModel, model_validator

from hexjobs import JobContext, JobStatus, job_handler
from hexjobs.adapters.worker.steady_runner import run_steadily
from hexjobs.domain.jobs.base import BaseJob
from support.worker_harness import working

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
ERRORS = [
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    RecursionError("deep"),
    MemoryError(),
    asyncio.CancelledError(),
    BaseException("base"),
]


@job_handler("calm")
async def calm(context: JobContext, payload: dict[str, Any]) -> str:
    """Shows that the pool goes on."""
    return "ran"


def ends(declared: Any, loop: str = "asyncio", then: Callable[[], None] = lambda: None) -> BaseJob:
    """The job of this handler after its end; another job runs in the same slot afterwards.

    `then` is called between the submit and the run.
    """
    jobs_seen: list[BaseJob] = []

    async def scenario() -> None:
        async with (
            asyncio.timeout(20),
            working(declared, calm, worker_pool={"worker_count": 1}) as (jobs, worker),
        ):
            job_id = await jobs.submit_job(declared, {})
            then()
            jobs_seen.append(await jobs.wait_for(job_id, 10))
            assert (await jobs.wait_for(await jobs.submit_job(calm, {}), 10)).result == "ran"
            await worker.pool.wait_until_idle()
            statistics = worker.pool.statistics()
            assert (statistics.slots, statistics.processed) == (1, 2), "each end is counted"

    run_steadily(scenario, LOOPS[loop])
    return jobs_seen[0]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("in_thread", [False, True])
def test_whatever_a_handler_raises_costs_an_attempt(error: BaseException, in_thread: bool) -> None:
    """No less and no more."""

    def fails(context: JobContext, payload: dict[str, Any]) -> None:
        raise error

    async def fails_waiting(context: JobContext, payload: dict[str, Any]) -> None:
        raise error

    job = ends(job_handler("fails", max_retries=0)(fails if in_thread else fails_waiting))
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "attempts_exhausted", 1)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()], ids=repr)
@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_of_a_handler_does_not_end_the_event_loop(error: BaseException, loop: str) -> None:
    """The handler that awaits it gets what it raised; other jobs go on."""

    async def child() -> None:
        raise error

    @job_handler("parent", max_retries=0)
    async def parent(context: JobContext, payload: dict[str, Any]) -> None:
        await asyncio.gather(asyncio.create_task(child()), asyncio.sleep(0))

    job = ends(parent, loop)
    assert (job.status, job.attempt) == (JobStatus.FAILED, 1)
    assert type(error).__name__ in (job.error or "")


class Odd(BaseModel):
    """A payload that is well at submit and raises at run."""

    raises: ClassVar[list[BaseException]] = []

    @model_validator(mode="before")
    @classmethod
    def _raise(cls, value: Any) -> Any:
        if cls.raises:
            raise cls.raises.pop()
        return value


@pytest.mark.parametrize("error", [SystemExit(3), KeyError("k")], ids=repr)
def test_a_model_that_raises_anything_is_for_a_person_to_see(error: BaseException) -> None:
    """Reading the payload is no run of the handler: the job is dead-lettered at once."""

    @job_handler("odd")
    async def odd(context: JobContext, payload: Odd) -> None:
        raise AssertionError("it ran")

    job = ends(odd, then=lambda: Odd.raises.append(error))
    assert (job.status, job.reason) == (JobStatus.FAILED, "internal_error")


def test_a_handler_that_cancels_itself_and_returns() -> None:
    """Its cancelling comes after its end and hits nothing of ours: its result is kept."""

    @job_handler("odd")
    async def odd(context: JobContext, payload: dict[str, Any]) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return "done"

    job = ends(odd)
    assert (job.status, job.result) == (JobStatus.COMPLETED, "done")


@pytest.mark.parametrize("loop", LOOPS)
def test_the_operation_itself_may_exit(loop: str) -> None:
    """What `asyncio.run` raises, this raises too."""

    async def exits() -> None:
        raise SystemExit(7)

    async def fails() -> None:
        raise ValueError("no")

    operation: Callable[[], Any]
    for operation, error in ((exits, SystemExit), (fails, ValueError)):
        with pytest.raises(error):
            run_steadily(operation, LOOPS[loop])
