"""The crash limit: a job under which workers die is put aside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from hexjobs import AsyncBackgroundJobService, JobContext, JobStatus, job_handler
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from support.run import run
from support.valkey_process import ValkeyProcess
from support.worker_harness import container_with, handler_module, working

SOON = timedelta(seconds=10)
SHORT = {"lease": "500ms"}


def test_a_job_under_which_workers_die_is_quarantined(tmp_path: Path) -> None:
    """After `crash_limit` crashes, or the first one with on_crash="fail"; it never starts again, its data stay."""
    ran: list[str] = []

    @job_handler("twice", crash_limit=2)
    async def twice(context: JobContext, payload: dict[str, Any]) -> None:
        ran.append("twice")

    @job_handler("never", on_crash="fail")
    async def never(context: JobContext, payload: dict[str, Any]) -> None:
        ran.append("never")

    @job_handler("usual")
    async def usual(context: JobContext, payload: dict[str, Any]) -> None:
        ran.append("usual")

    async def scenario(url: str) -> None:
        store = {"provider": "redis", "redis": {"addr": url}}
        ids = {}
        with handler_module(twice, never, usual) as name:
            container = container_with(name, **store)
            async with AsyncBackgroundJobService(container) as service:
                for job_type, crashes in (("twice", 2), ("never", 1), ("usual", 2), ("usual", 3)):
                    job_id = ids[job_type, crashes] = await service.submit_job(job_type, {"x": 1})
                    for crash in range(crashes):
                        dying = Subscription(f"dying-{job_id}-{crash}", {"default": 1})
                        taken = await container.access.queue().dequeue(dying, 10, timedelta(0))
                        await container.access.queue().settle(
                            [_given_back(d) for d in taken if d.job_id != job_id]
                        )
                        await container.access.leases().take_over(dying.worker_id, None)
        async with working(twice, never, usual, worker_pool={**SHORT, "crash_limit": 3}, **store) as (
            service,
            _,
        ):
            ended = {key: await service.wait_for(job_id, SOON) for key, job_id in ids.items()}
            for key in (("twice", 2), ("never", 1), ("usual", 3)):
                job = ended[key]
                assert (job.status, job.reason, job.crashes) == (JobStatus.FAILED, "crashed", key[1])
                assert job.payload.value() == {"x": 1}
            assert ended["usual", 2].status is JobStatus.COMPLETED
            assert ran == ["usual"]
            await service.retry_job(ids["twice", 2])
            assert (await service.wait_for(ids["twice", 2], SOON)).status is JobStatus.COMPLETED

    with ValkeyProcess(tmp_path) as server:
        run(scenario(server.url))


def _given_back(delivery: Any) -> Any:
    return Settlement(delivery, JobEvent.GIVEN_BACK)
