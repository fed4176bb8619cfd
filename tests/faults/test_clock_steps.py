"""Clocks that are set: fault 29. Leases are counts and monotonic time; a step expires nobody and fires no schedule twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import redis

from faults.harness.shifted_clock import ShiftedClock
from faults.harness.stage import LEASE, Stage
from faults.harness.worker_process import WorkerProcess
from support.valkey_process import ValkeyProcess

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Scene:
    """A server and a worker with clocks that step, each its own, and a worker with the machine's."""

    stage: Stage
    server_clock: ShiftedClock
    worker_clock: ShiftedClock
    workers: tuple[WorkerProcess, ...]

    def events(self, word: str) -> list[object]:
        """The log lines of both workers with this word."""
        return [line for worker in self.workers for line in worker.events(word)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for all tests here; each sets its clock right again."""
    folders = [tmp_path_factory.mktemp(name) for name in ("server", "worker")]
    clocks = [ShiftedClock(folder) for folder in folders]
    server = ValkeyProcess(folders[0], environment=clocks[0].environment)
    with (
        Stage(folders[0], server=server) as stage,
        stage.start_worker(**clocks[1].environment) as stepped,
        stage.start_worker() as other,
    ):
        stepped.ready()
        other.ready()
        yield Scene(stage, clocks[0], clocks[1], (stepped, other))


def test_the_server_sees_the_steps(scene: Scene) -> None:
    """Otherwise the tests below would show nothing."""
    with scene.stage.server.client() as client:
        for shift in (HOUR, -HOUR, 0):
            scene.server_clock.step(shift)
            scene.stage.until(partial(is_away, client, shift), f"it is {shift} s away")


def is_away(client: redis.Redis, seconds: int) -> bool:
    """Whether the server's clock is so many seconds from the true time."""
    now: Any = client.time()
    return bool(abs(now[0] - time.time() - seconds) < 2)


def has_length(make: Callable[[], list[str]], length: int) -> bool:
    """Whether there are so many."""
    return len(make()) == length


@pytest.mark.parametrize("whose", ["server", "worker"])
def test_a_clock_that_steps_expires_nobody(scene: Scene, whose: str) -> None:
    """An hour ahead, an hour back, and right again: running jobs run once, later ones run, a due time is the server's."""
    stage = scene.stage
    clock = scene.server_clock if whose == "server" else scene.worker_clock
    running = [stage.submit("step", {"seconds": 3 * LEASE}) for _ in range(6)]
    for job in running:
        stage.until_started(job)
    delayed = stage.submit("step", delay=timedelta(minutes=30))
    for shift in (HOUR, -HOUR):
        clock.step(shift)
        assert stage.until_ended(stage.submit("step"), stage.submit("thread_step")) == ["completed"] * 2
        time.sleep(LEASE)  # in which a lease by wall clock would end
    clock.step(0)
    assert stage.until_ended(*running) == ["completed"] * 6
    assert [len(stage.entries("start", job)) for job in running] == [1] * 6
    if whose == "server":
        assert stage.until_ended(delayed) == ["completed"], "it became due when the server's clock said so"
    else:
        assert stage.service.get_job(delayed).status.value == "scheduled"
        assert stage.service.cancel_job(delayed)
    assert scene.events("worker_lost") == scene.events("lease_lost") == []
    assert stage.judge() == []


def test_a_schedule_fires_once_per_instant_over_steps(scene: Scene) -> None:
    """The server's clock says what is due: an hour that it runs ahead fires, and not a second time when it comes again.

    The clocks of schedulers say nothing: set an hour or two ahead, they fire nothing.
    """
    stage = scene.stage
    half_an_hour_off = (datetime.now(UTC).minute + 30) % 60
    stage.service.schedule_recurring("each-hour", "step", {}, cron=f"{half_an_hour_off} * * * *")

    def fired() -> list[str]:
        return [job for job in stage.snapshot().data if job.startswith("schedule:each-hour:")]

    def all_look() -> None:
        """Return when a scheduler has looked at the present clocks: it has fired another schedule."""
        name = f"look-{uuid4().hex[:8]}"
        stage.service.schedule_recurring(name, "step", {}, every="1s")
        stage.until(partial(has_fired, stage, name), "a scheduler looks")
        stage.service.remove_schedule(name)

    for shift in (HOUR, -HOUR, 2 * HOUR, 0):
        scene.worker_clock.step(shift)
        all_look()
        assert fired() == []
    for shift, expected in ((HOUR, 1), (-HOUR, 1), (0, 1), (2 * HOUR, 2), (0, 2)):
        scene.server_clock.step(shift)
        stage.until(partial(server_shows, stage, shift), "the server's clock has stepped")
        all_look()
        stage.until(partial(has_length, fired, expected), f"{expected} have fired")
    stage.service.remove_schedule("each-hour")
    stage.drain()
    stage.foreign.update(job for job in stage.snapshot().data if job.startswith("schedule:"))
    assert [len(stage.entries("start", job)) for job in fired()] == [1, 1]
    assert stage.judge() == []


def server_shows(stage: Stage, shift: int) -> bool:
    """Whether the server's clock is so many seconds from the true time; a server may answer with a time that it has kept."""
    with stage.server.client() as client:
        answer: Any = client.time()
    return bool(abs(answer[0] - time.time() - shift) < HOUR / 2)


def has_fired(stage: Stage, name: str) -> bool:
    """Whether the schedule has fired."""
    return any(row["outcome"] == "fired" for row in stage.snapshot().ledgers.get(name, []))
