"""Many threads at once on one store: nothing is lost, doubled or exceeded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import msgspec
import pytest

from hexjobs.adapters.memory import MemoryJobQueue, MemoryJobStore, MemoryScheduleStore, MemoryStore
from hexjobs.application.blocking import drive
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from hexjobs.ports.schedule_entry import Planned, ScheduleDefinition
from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from support.frozen_clock import FrozenClock
from support.messages import message, messages
from support.run import run

THREADS = 8


@pytest.fixture(autouse=True)
def _frequent_switches() -> Iterator[None]:
    """Threads take turns far more often than usual, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def queue() -> MemoryJobQueue:
    """The queue that all threads share."""
    return MemoryJobQueue(MemoryStore(), FrozenClock())


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What `act(number)` returns in each of the threads, which start together."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Any:
        barrier.wait(10)
        return act(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_the_cap_is_exact(queue: MemoryJobQueue) -> None:
    """Eight threads submit fifty each to a queue that takes a hundred."""

    def submit(_: int) -> int:
        return sum(drive(queue.enqueue([m], {"default": 100}))[0].is_new for m in messages(50))

    assert sum(at_once(submit)) == 100
    assert drive(queue.stats("default")).waiting == 100


def test_one_of_all_gets_a_unique_key(queue: MemoryJobQueue) -> None:
    """Eight threads, one key, one job."""
    results = [result for [result] in at_once(lambda _: drive(queue.enqueue([message(unique="key")])))]
    assert sum(result.is_new for result in results) == 1
    assert len({result.job_id for result in results}) == 1


def test_each_job_runs_once(queue: MemoryJobQueue) -> None:
    """Half of the threads submit, all of them work; fences are all different."""
    sent = [messages(100) for _ in range(THREADS)]

    def work(number: int) -> list[tuple[str, int]]:
        subscription, done = Subscription(f"worker-{number}", {"default": 1}), []
        for m in sent[number]:
            drive(queue.enqueue([m]))
            for delivery in drive(queue.dequeue(subscription, 2, timedelta(0))):
                done.append((delivery.job_id, delivery.fence))
                assert drive(queue.settle([Settlement(delivery, JobEvent.SUCCEEDED)])) == [True]
        return done

    done = [entry for part in at_once(work) for entry in part]
    assert sorted(job_id for job_id, _ in done) == sorted(m.job_id for batch in sent for m in batch)
    assert len({fence for _, fence in done}) == len(done)


def test_one_of_all_settles_a_delivery(queue: MemoryJobQueue) -> None:
    """The same delivery settled by eight threads is recorded once."""
    drive(queue.enqueue([message("job")]))
    [delivery] = drive(queue.dequeue(Subscription("w", {"default": 1}), 1, timedelta(0)))
    answers = at_once(lambda number: drive(queue.ack(delivery, str(number).encode())))
    assert sum(answers) == 1


def test_one_of_all_fires_an_instant() -> None:
    """Eight schedulers, a hundred instants, one job each."""
    state, clock = MemoryStore(), FrozenClock()
    schedules, store = MemoryScheduleStore(state, clock), MemoryJobStore(state, clock)
    _put(schedules, 0)

    def fire(_: int) -> list[FireOutcome]:
        claims = [Claim("s", at, at, at + 1) for at in range(100)]
        return [drive(schedules.fire(claim, message(), "allow")) for claim in claims for _ in range(3)]

    found = [outcome for part in at_once(fire) for outcome in part]
    entry = drive(schedules.get("s"))
    assert entry is not None
    assert entry.fired == found.count(FireOutcome.FIRED) == sum(drive(store.enqueued_counts()).values()) > 0
    assert len(drive(schedules.history("s", 1000))) == entry.fired == entry.next_due


def test_one_of_all_releases_what_waits() -> None:
    """Eight schedulers look at once after the end of the earlier job."""
    state, clock = MemoryStore(), FrozenClock()
    schedules, store = MemoryScheduleStore(state, clock), MemoryJobStore(state, clock)
    _put(schedules, 0)
    for at in range(2):
        drive(schedules.fire(Claim("s", at, at, at + 1), message(f"schedule:s:{at}"), "queue_one"))
    drive(store.cancel("schedule:s:0", None))
    assert sum(len(looked.released) for looked in at_once(lambda _: drive(schedules.look(9)))) == 1


def test_changes_of_many_threads_end_as_many_waits() -> None:
    """Each of eight event loops waits in a thread of its own; each change ends one wait, and none is lost."""
    state, clock = MemoryStore(), FrozenClock()
    waiting = Barrier(THREADS + 1)

    def wait(_: int) -> None:
        async def scenario() -> None:
            task = asyncio.create_task(MemoryScheduleStore(state, clock).wait(timedelta(hours=1)))
            await asyncio.sleep(0)  # it waits from its first step on
            await asyncio.to_thread(waiting.wait, 10)
            await asyncio.wait_for(task, 10)

        run(scenario())

    with ThreadPoolExecutor(THREADS) as pool:
        waits = [pool.submit(wait, number) for number in range(THREADS)]
        waiting.wait(10)
        for _ in range(THREADS):
            _put(MemoryScheduleStore(state, clock), 0)
        for done in waits:
            done.result(10)
    assert not state.schedules.bell.take(), "no change was left over"


def _put(schedules: MemoryScheduleStore, next_due: int) -> None:
    definition = ScheduleDefinition(name="s", envelope=msgspec.Raw(b"{}"), every=1)
    drive(schedules.put(Planned(definition, 0, next_due)))
