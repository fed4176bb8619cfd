"""Whose ids are on which log line."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hexjobs import JobContext, job_handler
from hexjobs.adapters.cli.logs import configure_logs
from hexjobs.adapters.worker import settler
from hexjobs.domain.errors import ServerUnavailable
from support.run import run
from support.worker_harness import working

IDS = ("job_id", "job_type", "attempt")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Logging belongs to the whole process."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


def lines(stream: io.StringIO, event: str) -> list[dict[str, Any]]:
    """Those of one event."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in found if line["event"] == event]


def tell(number: int) -> None:
    """A line of each library."""
    structlog.get_logger("theirs").info("told", number=number)
    logging.getLogger("theirs").info("told", extra={"number": number})


def test_the_handlers_own_lines_have_the_ids_of_its_job() -> None:
    """On the loop with others at the same time, in tasks that it starts, and in a thread; of both libraries."""
    meeting = asyncio.Event()
    expected: dict[int, tuple[str, str, int]] = {}

    @job_handler("on_loop")
    async def on_loop(context: JobContext, payload: dict[str, Any]) -> None:
        expected[payload["number"]] = (context.job_id, "on_loop", 1)
        if len(expected) == 5:
            meeting.set()
        await meeting.wait()  # the others have set theirs by now
        tell(payload["number"])
        await asyncio.gather(asyncio.create_task(asyncio.to_thread(tell, payload["number"])))

    @job_handler("in_thread")
    def in_thread(context: JobContext, payload: dict[str, Any]) -> None:
        expected[payload["number"]] = (context.job_id, "in_thread", 1)
        tell(payload["number"])

    stream = io.StringIO()

    async def scenario() -> None:
        async with working(on_loop, in_thread, worker_pool={"worker_count": 20}) as (jobs, _):
            configure_logs("info", "json", stream)
            waits = [
                await jobs.submit_job(in_thread if number > 4 else on_loop, {"number": number})
                for number in range(10)
            ]
            for job_id in waits:
                await jobs.wait_for(job_id, 10)

    run(scenario())
    told = lines(stream, "told")
    assert len(told) == 5 * 4 + 5 * 2
    for line in told:
        assert tuple(line[name] for name in IDS) == expected[line["number"]]


def test_the_workers_own_lines_have_no_ids_of_whoever_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of outcomes is no job's own, although one job began it; neither is what follows."""
    monkeypatch.setattr(settler, "FIRST_PAUSE_SECONDS", 0.01)
    failures = [ServerUnavailable("away")]

    @job_handler("noop")
    async def noop(context: JobContext, payload: dict[str, Any]) -> None:
        """Nothing."""

    @job_handler("noop_in_thread")
    def noop_in_thread(context: JobContext, payload: dict[str, Any]) -> None:
        """Nothing."""

    stream = io.StringIO()

    async def scenario() -> None:
        async with working(noop, noop_in_thread, worker_pool={"worker_count": 5}) as (jobs, worker):
            queue = worker.pool._settler._queue
            settle = queue.settle

            async def fails_once(settlements: Any) -> Any:
                if failures:
                    raise failures.pop()
                structlog.get_logger("store").info("settled")
                return await settle(settlements)

            queue.settle = fails_once  # type: ignore[method-assign]  # to be in between
            configure_logs("info", "json", stream)
            for handler in (noop, noop_in_thread):
                await jobs.wait_for(await jobs.submit_job(handler, {}), 10)

    run(scenario())
    [delayed] = lines(stream, "settle_delayed")
    settled = lines(stream, "settled")
    assert len(settled) == 2
    for line in (delayed, *settled):
        assert not {*IDS} & {*line}


@pytest.mark.parametrize(("level", "told"), [("info", 0), ("debug", 1)])
def test_the_success_of_a_job_is_told_on_the_level_debug(level: str, told: int) -> None:
    """And the level may change while the worker runs."""

    @job_handler("noop")
    async def noop(context: JobContext, payload: dict[str, Any]) -> None:
        """Nothing."""

    stream = io.StringIO()

    async def scenario() -> str:
        async with working(noop) as (jobs, worker):
            configure_logs("warning", "json", stream)
            await jobs.wait_for(await jobs.submit_job(noop, {}), 10)
            await worker.pool.wait_until_idle()
            configure_logs(level, "json", stream)
            job_id = await jobs.submit_job(noop, {})
            await jobs.wait_for(job_id, 10)
            await worker.pool.wait_until_idle()
            return job_id

    job_id = run(scenario())
    completed = lines(stream, "job_completed")
    assert [(line["job_id"], line["attempt"]) for line in completed] == [(job_id, 1)] * told
