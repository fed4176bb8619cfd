"""Schedulers that wait: bounded reads on connections of their own, and the bell that ends them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from hexjobs import ServerUnavailable
from hexjobs.adapters.redis import connection_options, schedule_store
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.schedule_store import RedisScheduleStore
from hexjobs.application.blocking import drive
from hexjobs.ports.schedule_ledger import FireOutcome
from support.messages import message
from support.plans import HOUR, fire, plan
from support.real_store import RealStore, Within
from support.until import until
from support.valkey_process import ValkeyProcess

SOON = timedelta(seconds=20)
FIRED, SKIPPED, QUEUED = FireOutcome.FIRED, FireOutcome.SKIPPED, FireOutcome.QUEUED


async def end_next(store: RealStore) -> None:
    """Run the next job to its end."""
    [delivery] = await store.take()
    assert await store.settle(delivery)


async def until_blocked(store: RealStore, number: int = 1) -> None:
    """Return when so many clients are blocked."""
    await until(lambda: store.client.info("clients")["blocked_clients"] == number)


def test_a_wait_is_one_read(within: Within) -> None:
    """However long; and nothing is said at its end, so an idle scheduler asks its server for little."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.wait(timedelta(0))  # connects
        before = store.client.info("stats")["total_commands_processed"]
        await store.schedules.wait(timedelta(seconds=0.3))
        asked = store.client.info("stats")["total_commands_processed"] - before
        assert asked == 2, "the read, and the first question of this test"

    within(scenario)


def test_who_waits_blocks_nobody_else(within: Within) -> None:
    """Not the calls of the same transport, nor another wait; and its connection is used again."""

    async def scenario(store: RealStore) -> None:
        waits = [asyncio.create_task(store.schedules.wait(SOON)) for _ in range(2)]
        await until_blocked(store, 2)
        assert await asyncio.wait_for(store.schedules.now(), 2) > 0
        for number in range(2):
            await store.schedules.put(plan(f"s-{number}", next_due=HOUR))
            await asyncio.wait(waits[number:], return_when=asyncio.FIRST_COMPLETED)
            waits.sort(key=lambda wait: not wait.done())
            assert sum(wait.done() for wait in waits) == number + 1
        connections = len(store.client.client_list())
        await store.schedules.wait(timedelta(milliseconds=5))
        assert len(store.client.client_list()) == connections

    within(scenario)


def test_a_cancelled_wait_leaves_nothing(within: Within) -> None:
    """Neither a blocked client, which would take the next change, nor a connection."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.now()
        connections = len(store.client.client_list())
        waiting = asyncio.create_task(store.schedules.wait(SOON))
        await until_blocked(store)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()
        await until_blocked(store, 0)
        await until(lambda: len(store.client.client_list()) == connections)
        await store.schedules.put(plan(next_due=HOUR))
        await asyncio.wait_for(store.schedules.wait(SOON), 5)

    within(scenario)


def test_a_killed_server_ends_the_wait(server: ValkeyProcess, within: Within) -> None:
    """At once, with the port's error; and a wait after the restart is as any."""

    async def scenario(store: RealStore) -> None:
        waiting = asyncio.create_task(store.schedules.wait(SOON))
        await until_blocked(store)
        server.kill()
        with pytest.raises(ServerUnavailable):
            await asyncio.wait_for(waiting, 3)
        with pytest.raises(ServerUnavailable):
            await store.schedules.wait(SOON)
        server.start()
        await store.schedules.put(plan(next_due=HOUR))
        await asyncio.wait_for(store.schedules.wait(SOON), 5)

    within(scenario)


def test_a_silent_server_ends_the_wait(
    server: ValkeyProcess, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the bound of a blocked read."""
    monkeypatch.setattr(connection_options, "READ_SECONDS", 0.2)
    monkeypatch.setattr(schedule_store, "LONGEST_BLOCK_SECONDS", 0.2)

    async def scenario(store: RealStore) -> None:
        waiting = asyncio.create_task(store.schedules.wait(SOON))
        await until_blocked(store)
        server.pause()
        try:
            with pytest.raises(ServerUnavailable):
                await asyncio.wait_for(waiting, 5)
        finally:
            server.resume()

    within(scenario)


def test_threads_wait_too(server: ValkeyProcess) -> None:
    """The blocking transport carries all of it, and never suspends."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    store = RedisScheduleStore(transport, Keys())
    drive(store.put(plan(next_due=HOUR)))
    drive(store.wait(SOON))
    drive(store.wait(timedelta(milliseconds=2)))
    assert [entry.name for entry in drive(store.look(9)).due] == ["hourly"]
    drive(transport.close())


def test_the_bell_holds_one_token(within: Within) -> None:
    """However much happens while nobody waits."""

    async def scenario(store: RealStore) -> None:
        for number in range(5):
            await store.schedules.put(plan(f"s-{number}", next_due=HOUR))
        await store.schedules.seed(1, "x", [plan(next_due=HOUR)], prune=False)
        await store.schedules.pause("hourly")
        await store.schedules.resume("hourly", HOUR)
        assert store.client.llen(store.key("schedules", "bell")) == 1
        await store.schedules.wait(timedelta(0))
        assert store.client.llen(store.key("schedules", "bell")) == 0

    within(scenario)


def test_only_jobs_for_which_an_instant_waits_ring(within: Within) -> None:
    """Not those of other schedules, nor those that look like some; and other jobs ask the server nothing more."""

    async def scenario(store: RealStore) -> None:
        for name in ("hourly", "other"):
            await store.schedules.put(plan(name, next_due=HOUR))
        assert await fire(store.schedules, HOUR) is FIRED
        assert await fire(store.schedules, HOUR + HOUR, "queue_one") is QUEUED
        store.client.delete(store.key("schedules", "bell"))
        strangers = ["plain", "schedule:", "schedule:other:1", "schedule:hourly-2:1", "scheduled:hourly:1"]
        await store.queue.enqueue([message(job_id) for job_id in strangers])
        for job_id in strangers:
            await store.store.cancel(job_id, None)
        assert not store.client.exists(store.key("schedules", "bell"))
        await end_next(store)
        assert store.client.exists(store.key("schedules", "bell"))
        asked = int(store.client.info("commandstats")["cmdstat_hexists"]["calls"])
        await store.queue.enqueue([message("plain-2")])
        await end_next(store)
        settled = int(store.client.info("commandstats")["cmdstat_hexists"]["calls"]) - asked
        assert settled <= 1, "a dequeue asks for the lease, a settle nothing"

    within(scenario)
