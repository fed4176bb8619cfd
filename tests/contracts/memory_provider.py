"""The in-memory adapter for the contract suite, on a clock that the tests advance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from contracts.harness import Adapter
from hexjobs.adapters.memory import (
    MemoryCircuits,
    MemoryDeadLetters,
    MemoryJobQueue,
    MemoryJobStore,
    MemoryLeases,
    MemoryQueueControl,
    MemoryScheduleStore,
    MemoryStore,
    MemoryStoreCheck,
)
from support.frozen_clock import FrozenClock


@asynccontextmanager
async def open_memory() -> AsyncIterator[Adapter]:
    """An adapter on an empty store."""
    state, clock = MemoryStore(), FrozenClock()
    checker = MemoryStoreCheck(state, clock)

    async def advance(milliseconds: int) -> None:
        clock.advance(milliseconds / 1000)
        await asyncio.sleep(0)

    async def client() -> Adapter:
        return Adapter(
            queue=MemoryJobQueue(state, clock),
            store=MemoryJobStore(state, clock, remembered=timedelta(0)),
            schedules=MemoryScheduleStore(state, clock),
            leases=MemoryLeases(state, clock),
            control=MemoryQueueControl(state, clock),
            dead_letters=MemoryDeadLetters(state, clock),
            circuits=MemoryCircuits(state, clock),
            checker=checker,
            clock=clock,
            until_due=advance,
            two=client,
        )

    yield await client()
