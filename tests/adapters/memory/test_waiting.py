"""A waiting dequeue in memory: woken from any thread, still while nothing happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.adapters.memory import MemoryJobQueue, MemoryJobStore, MemoryStore
from hexjobs.application.blocking import drive
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.frozen_clock import FrozenClock
from support.messages import message
from support.run import run

HOUR = timedelta(hours=1)
SUBSCRIPTION = Subscription("worker-1", {"default": 1})


class CountingClock(FrozenClock):
    """A frozen clock that counts how often it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def now(self) -> datetime:
        """The instant at which the clock stands."""
        self.looks += 1
        return super().now()


class ImpatientClock(CountingClock):
    """A frozen clock whose sleepers do not wait."""

    async def sleep(self, seconds: float) -> None:
        """Return at once."""
        assert seconds > 0


@contextmanager
def thread_that(act: object) -> Iterator[None]:
    """Another thread that does something while the block runs."""
    assert callable(act)
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        assert not thread.is_alive()


async def _asleep(clock: FrozenClock) -> None:
    asyncio.get_running_loop().set_debug(True)  # a step of another thread in this loop is an error then
    async with asyncio.timeout(5):
        while not clock.sleepers:  # noqa: ASYNC110  # the clock is no part of the event loop
            await asyncio.sleep(0)


def test_it_does_not_spin_on_a_clock_that_stands_still() -> None:
    """Between its beginning and its end it looks at nothing."""

    async def scenario() -> None:
        clock = CountingClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        looks = clock.looks
        for _ in range(500):
            await asyncio.sleep(0)
        assert clock.looks == looks
        clock.advance(3600)
        assert await asyncio.wait_for(task, 5) == []

    run(scenario())


def test_it_does_not_spin_on_a_clock_whose_sleep_returns_at_once() -> None:
    """The wait ends early then, after one look more."""

    async def scenario() -> None:
        clock = ImpatientClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        assert await asyncio.wait_for(queue.dequeue(SUBSCRIPTION, 1, HOUR), 5) == []
        assert clock.looks < 10

    run(scenario())


def test_an_enqueue_of_another_thread_ends_the_wait() -> None:
    """The thread needs no event loop."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        queue = MemoryJobQueue(state, clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        with thread_that(lambda: drive(MemoryJobQueue(state, clock).enqueue([message("job")]))):
            [delivery] = await asyncio.wait_for(task, 5)
        assert delivery.job_id == "job"

    run(scenario())


def test_wake_from_another_thread_ends_the_wait() -> None:
    """Also when an enqueue of another queue or a look without finding came before."""

    async def scenario() -> None:
        clock = FrozenClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        with thread_that(lambda: drive(queue.wake("worker-1"))):
            assert await asyncio.wait_for(task, 5) == []

    run(scenario())


def test_wake_is_not_lost_behind_a_job_that_another_worker_took() -> None:
    """A wake that comes between a signal and the look that follows it still ends the dequeue."""

    async def scenario() -> None:
        clock = FrozenClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        await queue.enqueue([message()])
        assert len(await queue.dequeue(Subscription("worker-2", {"default": 1}), 1, timedelta(0))) == 1
        await queue.wake("worker-1")
        assert await asyncio.wait_for(task, 5) == []

    run(scenario())


def test_a_signal_without_a_job_does_not_end_the_wait() -> None:
    """A worker whose job was taken by a faster one goes on waiting for its time."""

    async def scenario() -> None:
        clock = FrozenClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        await queue.enqueue([message("first")])
        await queue.dequeue(Subscription("worker-2", {"default": 1}), 1, timedelta(0))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        await queue.enqueue([message("second")])
        [delivery] = await asyncio.wait_for(task, 5)
        assert delivery.job_id == "second"

    run(scenario())


def test_a_wait_whose_loop_is_gone_harms_nobody() -> None:
    """Its event loop was closed before its task could end, as a crashed thread leaves it."""
    state, clock = MemoryStore(), FrozenClock()
    queue = MemoryJobQueue(state, clock)

    async def register() -> None:
        with state.lock:
            state.waiters.add("worker-1", SUBSCRIPTION.weights).arm()

    async def scenario() -> list[Delivery]:
        await queue.enqueue([message("job")])
        await queue.wake("worker-1")
        return await queue.dequeue(Subscription("worker-2", {"default": 1}), 1, timedelta(0))

    run(register())
    assert [delivery.job_id for delivery in run(scenario())] == ["job"]


def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    """No registration, no timer."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        queue = MemoryJobQueue(state, clock)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert not state.waiters._waiting
        assert clock.sleepers == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())


def test_it_wakes_on_the_real_clock() -> None:
    """A job that becomes due and the end of the wait, with the machine's time."""

    async def scenario() -> None:
        clock = SystemClock()
        queue = MemoryJobQueue(MemoryStore(), clock)
        due = int(clock.now().timestamp() * 1000) + 40
        await queue.enqueue([message("job", due=due)])
        async with asyncio.timeout(5):
            while not (found := await queue.dequeue(SUBSCRIPTION, 1, HOUR)):
                pass
        assert found[0].job_id == "job"
        assert clock.now().timestamp() * 1000 >= due
        await queue.settle([Settlement(found[0], JobEvent.SUCCEEDED)])
        assert await asyncio.wait_for(queue.dequeue(SUBSCRIPTION, 1, timedelta(milliseconds=20)), 5) == []

    run(scenario())


def test_a_retry_from_a_thread_reaches_the_waiting_worker() -> None:
    """What an operator does in one thread, a worker in another one sees at once."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        queue, store = MemoryJobQueue(state, clock), MemoryJobStore(state, clock)
        await queue.enqueue([message("job")])
        await store.cancel("job", None)
        task = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, HOUR))
        await _asleep(clock)
        with thread_that(lambda: drive(store.retry("job"))):
            [delivery] = await asyncio.wait_for(task, 5)
        assert delivery.attempt == 1

    run(scenario())
