"""The checks on ports: what makes each one ill, and that an outage of the server never reddens liveness."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from hexjobs.application.health_checks import QueuesCheck, ServerCheck, StuckCheck, WorkerCheck
from hexjobs.domain.errors import ServerUnavailable
from hexjobs.ports.delivery import QueueStats
from hexjobs.ports.health_check import Health, HealthCheck
from hexjobs.ports.job_queue import JobQueue
from hexjobs.ports.risk import Risk
from hexjobs.ports.worker import Worker
from support.run import run

SHORT = timedelta(milliseconds=50)


class Queue:
    """The part of a JobQueue that the checks use: it answers, fails, or hangs."""

    def __init__(self, failure: str = "") -> None:
        self._failure = failure
        self.asked = 0

    async def ping(self) -> None:
        if self._failure == "hang":
            await asyncio.Event().wait()
        if self._failure:
            raise ServerUnavailable(f"{self._failure} at redis://10.0.0.1")

    async def risks(self) -> list[Risk]:
        self.asked += 1
        if self.asked > 1:
            raise ServerUnavailable
        return [Risk("it forgets", is_grave=True), Risk("a little")]

    async def stats_of(self, queues: Sequence[str]) -> list[QueueStats]:
        await self.ping()
        return [QueueStats(queue, {"normal": 2}, waiting=2, oldest_waiting_seconds=1.5) for queue in queues]


def queue(failure: str = "") -> JobQueue:
    return cast("JobQueue", Queue(failure))


def worker(*reasons: str, **details: Any) -> Worker:
    class Stub:
        def health(self) -> Health:
            return Health(reasons, details)

    return cast("Worker", Stub())


def test_a_server_that_answers_is_well() -> None:
    health = run(ServerCheck(queue()).check())
    assert health.is_healthy
    assert health.details["milliseconds"] >= 0


def test_risks_are_told_and_make_no_server_ill() -> None:
    """They are read every minute; where that fails, the former ones stand."""
    asked = Queue()
    check = ServerCheck(cast("JobQueue", asked))

    async def scenario() -> None:
        await check.check()
        await check.check()
        assert asked.asked == 1
        check._risks_until = 0.0  # a minute later
        health = await check.check()
        assert asked.asked == 2
        assert (health.reasons, health.details["risks"]) == ((), ["it forgets", "a little"])

    run(scenario())


@pytest.mark.parametrize("failure", ["refused", "hang"])
@pytest.mark.parametrize("kind", ["server", "queues"])
def test_a_server_that_refuses_or_hangs_is_ill_in_time_and_the_reason_names_no_address(
    failure: str, kind: str
) -> None:
    checks: dict[str, HealthCheck] = {
        "server": ServerCheck(queue(failure), SHORT),
        "queues": QueuesCheck(queue(failure), ["default"], SHORT),
    }
    health = run(checks[kind].check(), deadline=5)
    assert health.reasons == ("the server does not answer",)
    assert health.details["error"]
    assert checks[kind].name == kind


def test_the_queues_check_tells_the_figures_of_each_queue() -> None:
    health = run(QueuesCheck(queue(), ["default", "email"]).check())
    assert health.is_healthy
    assert list(health.details) == ["default", "email"]
    assert json.loads(json.dumps(health.details["email"])) == {
        "by_priority": {"normal": 2},
        "waiting": 2,
        "scheduled": 0,
        "retrying": 0,
        "processing": 0,
        "failed": 0,
        "paused": False,
        "oldest_waiting_seconds": 1.5,
    }


def test_the_worker_check_is_the_workers_own_health() -> None:
    health = run(WorkerCheck(worker("no progress for 61 s", stuck=False, slots=[])).check())
    assert health == Health(("no progress for 61 s",), {"stuck": False, "slots": []})


def test_liveness_is_red_only_when_the_worker_is_stuck() -> None:
    assert run(StuckCheck(worker()).check()).is_healthy
    assert run(StuckCheck(worker("the server does not answer")).check()).is_healthy
    assert run(StuckCheck(worker("the server does not answer", stuck=False)).check()).is_healthy
    assert run(StuckCheck(worker("slot 3 hangs", stuck=True)).check()).reasons == ("slot 3 hangs",)
    assert run(StuckCheck(worker(stuck=True)).check()).reasons == ("the worker is stuck",)
