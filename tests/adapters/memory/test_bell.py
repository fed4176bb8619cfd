"""The wait for a change of the schedules in memory: no change is lost behind a wait that has ended otherwise."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.adapters.memory import MemoryScheduleStore, MemoryStore
from hexjobs.adapters.memory.bell import Bell
from support.frozen_clock import FrozenClock
from support.run import run

HOUR = timedelta(hours=1)


async def _asleep(clock: FrozenClock, number: int = 1) -> None:
    async with asyncio.timeout(5):
        while clock.sleepers < number:  # noqa: ASYNC110  # the clock is no part of the event loop
            await asyncio.sleep(0)


def _ring(state: MemoryStore) -> None:
    with state.lock:
        state.schedules.bell.ring()


def test_who_waits_longest_is_told_first() -> None:
    """One change after the other."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        tasks = []
        for number in range(1, 4):
            tasks.append(asyncio.create_task(MemoryScheduleStore(state, clock).wait(HOUR)))
            await _asleep(clock, number)
        for number, task in enumerate(tasks, 1):
            _ring(state)
            await asyncio.wait_for(asyncio.shield(task), 5)
            assert [other.done() for other in tasks] == [True] * number + [False] * (3 - number)

    run(scenario())


def test_a_change_for_a_wait_that_was_cancelled_goes_to_the_next() -> None:
    """It was rung for, and cancelled before it could take notice."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        first = asyncio.create_task(MemoryScheduleStore(state, clock).wait(HOUR))
        await _asleep(clock)
        second = asyncio.create_task(MemoryScheduleStore(state, clock).wait(HOUR))
        await _asleep(clock, 2)
        first.cancel()
        _ring(state)
        await asyncio.wait_for(second, 5)
        await asyncio.wait({first})
        assert first.cancelled()

    run(scenario())


def test_a_change_in_the_last_moment_of_a_wait_is_not_lost() -> None:
    """The time of the wait is over, and it has not heard the ring that was meant for it: that is kept."""

    async def scenario() -> None:
        bell = Bell()
        for heard in (False, True):
            signal = bell.join()
            bell.ring()
            bell.leave(signal, heard=heard)
            assert bell.take() == (not heard)

    run(scenario())


def test_a_change_for_a_wait_whose_loop_is_gone_is_kept() -> None:
    """Its event loop was closed before its task could end, as a crashed thread leaves it."""
    state = MemoryStore()

    async def register() -> None:
        with state.lock:
            state.schedules.bell.join()

    run(register())
    _ring(state)
    run(asyncio.wait_for(MemoryScheduleStore(state, FrozenClock()).wait(HOUR), 5))


def test_a_wait_that_is_over_leaves_nothing_behind() -> None:
    """However it ended: by its time, by a change, or cancelled."""

    async def scenario() -> None:
        state, clock = MemoryStore(), FrozenClock()
        for end in ("time", "change", "cancelled"):
            task = asyncio.create_task(MemoryScheduleStore(state, clock).wait(HOUR))
            await _asleep(clock)
            if end == "time":
                clock.advance(3600)
            elif end == "change":
                _ring(state)
            else:
                task.cancel()
            await asyncio.wait({task}, timeout=5)
            assert task.done()
            assert (clock.sleepers, state.schedules.bell._waiting) == (0, [])
            assert not state.schedules.bell.take()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())


def test_it_waits_on_the_real_clock() -> None:
    """Until its longest time is over."""
    run(
        asyncio.wait_for(
            MemoryScheduleStore(MemoryStore(), SystemClock()).wait(timedelta(milliseconds=20)), 5
        )
    )
