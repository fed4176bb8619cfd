"""The operator's methods of both services, on the in-memory adapter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hexjobs import AsyncBackgroundJobService, BackgroundJobService, UnknownQueue
from hexjobs.container import Container
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from hexjobs.settings import load_settings
from support.run import run

WELCOME = {"email_type": "welcome", "to": "user@example.com", "username": "John Doe"}


def container() -> Container:
    overrides: dict[str, Any] = {"jobs": {"provider": "memory"}, "queues": {"email": {}}}
    return Container(settings=load_settings(None, environ={}, overrides=overrides))


async def die(place: Container) -> None:
    """Let the next job of the queue `email` die."""
    queue = place.access.queue()
    (delivery,) = await queue.dequeue(Subscription("worker-1", {"email": 1}), 1, timedelta(0))
    await queue.settle([Settlement(delivery, JobEvent.DIED, error="boom")])


def test_from_threads() -> None:
    """Pause, purge, resume; workers; why; dead letters."""
    place = container()
    with BackgroundJobService(place) as jobs:
        job_id = jobs.submit_job("email", WELCOME, queue="email")
        assert jobs.pause_queue("email")
        assert not jobs.pause_queue("email")
        assert {stats.name: stats.paused for stats in jobs.queue_stats()}["email"]
        explanation = jobs.why(job_id)
        assert explanation.job.job_id == job_id
        assert [reason.code for reason in explanation.reasons] == ["queue_paused", "no_worker"]
        assert jobs.resume_queue("email")
        assert not jobs.resume_queue("email")
        run(die(place))
        assert [worker.worker_id for worker in jobs.workers()] == ["worker-1"]
        assert jobs.select_dead_letters(queue="email", job_type="email", older_than="1h") == []
        assert jobs.select_dead_letters(older_than=0) == [job_id]
        assert jobs.retry_dead_letters([job_id, "nobody"]) == ["done", "not_found"]
        run(die(place))
        assert jobs.delete_dead_letters([job_id]) == ["done"]
        jobs.submit_jobs([("email", WELCOME, {"queue": "email"})] * 3)
        assert jobs.purge_queue("email") == 3


def test_from_an_event_loop() -> None:
    """The same methods as coroutines."""
    place = container()

    async def operate() -> None:
        async with AsyncBackgroundJobService(place) as jobs:
            job_id = await jobs.submit_job("email", WELCOME, queue="email")
            assert await jobs.pause_queue("email")
            assert [reason.code for reason in (await jobs.why(job_id)).reasons] == [
                "queue_paused",
                "no_worker",
            ]
            assert await jobs.resume_queue("email")
            await die(place)
            assert len(await jobs.workers()) == 1
            assert await jobs.retry_dead_letters(await jobs.select_dead_letters()) == ["done"]
            await die(place)
            assert await jobs.delete_dead_letters([job_id]) == ["done"]
            assert await jobs.purge_queue("email") == 0

    run(operate())


def test_an_unknown_queue_is_named() -> None:
    """With the nearest; a queue that somebody uses is known, configured or not, and so is one that was paused."""
    place = container()
    with BackgroundJobService(place) as jobs:
        for act in (jobs.pause_queue, jobs.resume_queue, jobs.purge_queue):
            with pytest.raises(
                UnknownQueue, match="queue: 'emial' is not a known queue; did you mean 'email'"
            ):
                act("emial")
        run(place.access.control().pause("of-old"))
        assert jobs.resume_queue("of-old")
        with pytest.raises(UnknownQueue):
            jobs.resume_queue("of-old")
