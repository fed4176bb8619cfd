"""LeaseKeeper step by step, on a clock of the test's, with leases that it looks at and that may fail."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from hexjobs.adapters.metrics.no_job_metrics import NoJobMetrics
from hexjobs.adapters.worker.lease_keeper import LeaseKeeper
from hexjobs.adapters.worker.worker_identity import WorkerIdentity
from hexjobs.application.lease_watch import LeaseWatch
from hexjobs.application.run import StopReason
from hexjobs.domain.errors import LeaseLost, ServerUnavailable
from hexjobs.domain.priority import JobPriority
from hexjobs.ports.delivery import Delivery, LeaseState
from hexjobs.ports.leases import Recovered, WorkerFacts
from support.frozen_clock import FrozenClock


class Store:
    """Leases and queue: what the test says, and what was asked."""

    def __init__(self) -> None:
        self.beats: dict[str, str] = {}
        self.told: list[WorkerFacts | None] = []
        self.taken: list[tuple[str, str | None]] = []
        self.states: dict[str, LeaseState] = {}
        self.is_away = False
        self.is_gone = False

    async def beat(self, worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        """Everybody's beats."""
        if self.is_away:
            raise ServerUnavailable
        if self.is_gone:
            raise LeaseLost
        self.told.append(facts)
        return self.beats | {worker_id: str(len(self.told))}

    async def take_over(self, worker_id: str, beat: str | None) -> list[Recovered] | None:
        """Note it."""
        self.taken.append((worker_id, beat))
        return []

    async def close(self) -> None:
        """Nothing to close."""

    async def extend(self, deliveries: Sequence[Delivery]) -> list[LeaseState]:
        """As the test says."""
        return [self.states.get(delivery.job_id, LeaseState.HELD) for delivery in deliveries]


class Pool:
    """Runs deliveries, and notes what is stopped."""

    def __init__(self) -> None:
        self.running: list[Delivery] = []
        self.stopped: list[tuple[StopReason, str]] = []

    def deliveries(self) -> list[Delivery]:
        """What runs."""
        return list(self.running)

    def stop_runs(self, reason: StopReason, job_ids: Sequence[str]) -> int:
        """Note it."""
        self.stopped += [(reason, job_id) for job_id in job_ids]
        return len(job_ids)


class Loop:
    """An event loop that runs what it was given when the test says so."""

    def __init__(self) -> None:
        self._calls: list[tuple[Any, ...]] = []

    def call_soon_threadsafe(self, *call: Any) -> None:
        """Note it."""
        self._calls.append(call)

    def turn(self) -> None:
        """Run it."""
        for function, *arguments in self._calls:
            function(*arguments)
        self._calls = []


class Bench:
    """A keeper with a lease of 6 s, and everything around it."""

    def __init__(self, interval: float = 1) -> None:
        self.store = cast("Any", Store())
        self.pool = cast("Any", Pool())
        self.loop = cast("Any", Loop())
        self.clock = FrozenClock()
        self.identity = WorkerIdentity()
        self.facts = WorkerFacts(slots=1)
        self.keeper = LeaseKeeper(
            leases=self.store,
            queue=self.store,
            identity=self.identity,
            pool=self.pool,
            watch=LeaseWatch(6, 4),
            clock=self.clock,
            metrics=NoJobMetrics(),
            facts=lambda: self.facts,
            interval=interval,
            close=self.store.close,
        )
        self.keeper._loop = self.loop

    def steps(self, seconds: int) -> None:
        """One step a second."""
        for _ in range(seconds):
            self.keeper.step()
            self.clock.advance(1)


def delivery(job_id: str) -> Delivery:
    """A delivery of a job."""
    return Delivery(job_id, "default", JobPriority.NORMAL, b"{}", attempt=1, fence=1)


def test_a_beat_that_stands_still_is_taken_over_with_that_beat() -> None:
    """And not the keeper's own, however it looks."""
    bench = Bench()
    bench.store.beats = {"other": "7", "moving": "1"}
    for second in range(6):
        bench.store.beats["moving"] = str(second)
        bench.steps(1)
    assert bench.store.taken == []
    bench.steps(1)
    assert bench.store.taken == [("other", "7")]


def test_an_outage_begins_the_watch_anew() -> None:
    """In it nobody could beat."""
    bench = Bench()
    bench.store.beats = {"other": "7"}
    bench.steps(4)
    bench.store.is_away = True
    with pytest.raises(ServerUnavailable):
        bench.keeper.step()
    bench.keeper._failed(ServerUnavailable())
    bench.store.is_away = False
    bench.steps(6)
    assert bench.store.taken == []
    bench.steps(1)
    assert bench.store.taken == [("other", "7")]


def test_a_lost_lease_brings_a_new_id_and_the_facts_again() -> None:
    """What ran under the old one is asked for at once, and stopped."""
    bench = Bench()
    bench.pool.running = [delivery("job")]
    bench.steps(2)
    assert bench.store.told == [bench.facts, None]
    before = bench.identity.worker_id
    bench.store.is_gone, bench.store.states = True, {"job": LeaseState.LOST}
    bench.steps(1)
    assert bench.identity.worker_id != before
    bench.store.is_gone = False
    bench.loop.turn()
    assert bench.pool.stopped == [(StopReason.LEASE_LOST, "job")]
    bench.steps(2)
    assert bench.store.told == [bench.facts, None, bench.facts, None]


def test_facts_that_change_are_told_again() -> None:
    """Such as the number of slots."""
    bench = Bench()
    bench.steps(2)
    bench.facts = WorkerFacts(slots=2)
    bench.steps(2)
    assert bench.store.told == [WorkerFacts(slots=1), None, WorkerFacts(slots=2), None]


def test_what_is_lost_or_cancelled_is_stopped_and_nothing_else() -> None:
    """Not a later delivery of the same job either, which may run by the time the loop hears of it."""
    bench = Bench()
    bench.pool.running = [delivery(name) for name in ("lost", "cancelled", "held", "again")]
    bench.store.states = {
        "lost": LeaseState.LOST,
        "cancelled": LeaseState.CANCEL_REQUESTED,
        "again": LeaseState.LOST,
    }
    bench.steps(1)
    bench.pool.running[3] = delivery("again")
    bench.loop.turn()
    assert bench.pool.stopped == [(StopReason.LEASE_LOST, "lost"), (StopReason.CANCELLED, "cancelled")]


def test_a_broken_connection_is_no_reason_to_be_late() -> None:
    """The first failure is followed by another try at once, not after the pause."""
    bench = Bench(interval=3600)
    failed = threading.Event()

    async def fail_once(worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        if not failed.is_set():
            failed.set()
            raise ServerUnavailable
        beaten.set()
        return {}

    beaten = threading.Event()
    bench.store.beat = fail_once
    thread = threading.Thread(target=bench.keeper._keep, daemon=True)
    thread.start()
    assert beaten.wait(5)
    bench.keeper._stopping.set()
    thread.join(5)
    assert not thread.is_alive()
    assert bench.keeper.failure is None


def test_a_keeper_of_running_jobs_steps_twice_per_beat_and_an_idle_one_once() -> None:
    """An idle worker costs its server little, and whoever runs jobs shows itself again before its lease is in danger."""
    bench = Bench(interval=2)
    bench.steps(1)
    assert bench.keeper.pause() == 2
    bench.pool.running = [delivery("job")]
    bench.steps(1)
    assert bench.keeper.pause() == 1
    bench.pool.running = []
    bench.steps(1)
    assert bench.keeper.pause() == 2


def test_a_lease_that_is_about_to_run_out_is_looked_at_in_time() -> None:
    """Not with the next beat: the jobs of the dead would wait for it. And not all the time."""
    bench = Bench(interval=2)
    bench.store.beats = {"other": "7"}
    bench.keeper.step()
    pauses = []
    for _ in range(5):
        pauses.append(bench.keeper.pause())
        bench.clock.advance(1.5)
        bench.keeper.step()
    assert pauses == [2, 2, 2, 1.5, 1]
    assert bench.store.taken == [("other", "7")] * 2


def test_long_heartbeats_leave_cancellation_quick() -> None:
    """What runs is asked after once a second, however rarely a worker needs to show itself."""
    bench = Bench(interval=30)
    bench.pool.running = [delivery("job")]
    bench.steps(1)
    assert bench.keeper.pause() == 1
