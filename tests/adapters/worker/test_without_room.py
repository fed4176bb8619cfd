"""A worker on a server that has no room: what waits and runs is worked off, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hexjobs import JobContext, JobStatus, ServerFull, job_handler
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess
from support.worker_harness import working

SOON = timedelta(seconds=10)


class Work:
    """A handler that waits to be let go, and then does as its payload says."""

    def __init__(self) -> None:
        self.running = 0
        self.may_end = asyncio.Event()

        @job_handler("errand", retry_delay="50ms")
        async def errand(context: JobContext, payload: dict[str, Any]) -> str:
            self.running += 1
            await self.may_end.wait()
            if context.attempt <= payload.get("failures", 0):
                raise ValueError("not yet")
            return "x" * 1000

        self.handler = errand


def test_at_the_limit_of_its_memory(tmp_path: Path) -> None:
    """Results, retries and dead letters are recorded, what waits is fetched and run, and only the submit is refused."""

    async def scenario(server: ValkeyProcess) -> None:
        work = Work()
        on = {"provider": "redis", "redis": {"addr": server.url}, "worker_pool": {"worker_count": 3}}
        async with working(work.handler, **on) as (jobs, _):
            done = await jobs.submit_job(work.handler, {})
            retried = await jobs.submit_job(work.handler, {"failures": 1}, max_retries=1)
            dead = await jobs.submit_job(work.handler, {"failures": 9}, max_retries=0)
            await until(lambda: work.running == 3)
            waiting = [await jobs.submit_job(work.handler, {}) for _ in range(3)]
            server.fill()
            work.may_end.set()
            expected = {done: JobStatus.COMPLETED, retried: JobStatus.COMPLETED, dead: JobStatus.FAILED}
            for job_id, status in {**expected, **dict.fromkeys(waiting, JobStatus.COMPLETED)}.items():
                assert (await jobs.wait_for(job_id, SOON)).status is status
            assert (await jobs.get_job(retried)).attempt == 2
            with pytest.raises(ServerFull):
                await jobs.submit_job(work.handler, {})
            server.make_room()
            after = await jobs.submit_job(work.handler, {})
            assert (await jobs.wait_for(after, SOON)).status is JobStatus.COMPLETED

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server))


def test_on_a_broken_disk(tmp_path: Path) -> None:
    """No write is taken at all: the outcome of a job that ran is kept by the worker, and recorded once it can be."""
    obstacle = tmp_path / "dump.rdb"  # a folder where the snapshot should be

    async def scenario(server: ValkeyProcess) -> None:
        work = Work()
        on = {"provider": "redis", "redis": {"addr": server.url}}
        with server.client() as client:
            async with working(work.handler, **on) as (jobs, worker):
                job_id = await jobs.submit_job(work.handler, {})
                await until(lambda: work.running)
                obstacle.mkdir()
                client.bgsave()
                await until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
                work.may_end.set()
                await until(lambda: not worker.health().is_healthy)
                assert (await jobs.get_job(job_id)).status is JobStatus.PROCESSING
                obstacle.rmdir()
                client.bgsave()
                job = await jobs.wait_for(job_id, SOON)
                assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)
                await until(lambda: worker.health().is_healthy)
                assert work.running == 1

    with ValkeyProcess(tmp_path, durable=False, save="3600 1") as server:
        run(scenario(server))
