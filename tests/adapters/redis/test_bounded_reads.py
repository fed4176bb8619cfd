"""Every read ends: with an answer, or with an error within its bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from faults.harness.tcp_proxy import TcpProxy, Weather
from hexjobs import ServerUnavailable
from hexjobs.adapters.redis import (
    address,
    blocking_road,
    connection_options,
    job_queue,
)
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.keys import Keys
from hexjobs.application.blocking import drive
from hexjobs.ports.delivery import Subscription
from support.messages import message
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

SUBSCRIPTION = Subscription("worker-1", {"default": 1})
AT_ONCE = timedelta(0)
# A fifth of the real ones.
READ, BLOCK = address.READ_SECONDS / 5, 0.8


@pytest.fixture(autouse=True)
def short_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test need not take longer to tell."""
    monkeypatch.setattr(connection_options, "READ_SECONDS", READ)
    for module in (blocking_road, job_queue):
        monkeypatch.setattr(module, "LONGEST_BLOCK_SECONDS", BLOCK)


@pytest.fixture
def road(server: ValkeyProcess) -> Iterator[TcpProxy]:
    """The way to the server."""
    with TcpProxy(server.socket_path) as proxy:
        yield proxy


def queue_over(road: TcpProxy) -> RedisJobQueue:
    return RedisJobQueue(AsyncTransport(Address(host="127.0.0.1", port=road.port)), Keys())


def test_a_slow_road_is_no_error(road: TcpProxy) -> None:
    """Half a second each way and a stall of two, here a fifth of that: a whole wait and a submit pass."""

    async def scenario() -> None:
        queue = queue_over(road)
        road.weather = Weather(delay=0.1, stall_chance=0.5, longest_stall=0.4)
        assert await queue.dequeue(SUBSCRIPTION, 1, timedelta(seconds=4)) == []
        assert (await queue.enqueue([message()]))[0].is_new
        await queue._transport.close()

    run(scenario())


def test_a_silent_connection_is_found_out_and_the_others_are_not_tried(road: TcpProxy) -> None:
    """Half open: all that wait on it fail within the bound, and what idles beside it is closed: one failure, not more."""

    async def scenario() -> None:
        queue = queue_over(road)
        short = timedelta(seconds=0.1)
        await queue.dequeue(SUBSCRIPTION, 1, short)
        assert road.carried == 2, "one connection for calls and one for waits idle"
        road.deafen()
        road.heal()  # for new connections only
        begin = time.monotonic()
        failed = await asyncio.gather(*(queue.stats("default") for _ in range(5)), return_exceptions=True)
        assert [type(error) for error in failed] == [ServerUnavailable] * 5
        assert READ <= time.monotonic() - begin < READ + 0.5
        await asyncio.gather(*(queue.stats("default") for _ in range(5)))
        assert await queue.dequeue(SUBSCRIPTION, 1, short) == []
        assert time.monotonic() - begin < READ + 1
        await queue._transport.close()

    run(scenario())


def test_the_blocking_transport_finds_out_too(road: TcpProxy) -> None:
    """The same bound, and the same fresh start."""
    queue = RedisJobQueue(BlockingTransport(Address(host="127.0.0.1", port=road.port)), Keys())
    drive(queue.ping())
    road.deafen()
    road.heal()
    begin = time.monotonic()
    with pytest.raises(ServerUnavailable):
        drive(queue.ping())
    drive(queue.ping())
    assert drive(queue.dequeue(SUBSCRIPTION, 1, timedelta(seconds=0.1))) == []
    assert time.monotonic() - begin < READ + 1
    drive(queue._transport.close())


def test_a_blocked_read_has_a_bound_of_its_own(road: TcpProxy) -> None:
    """A wait on a road that turned deaf ends after its own time and the bound of a read, not sooner and not later."""

    async def scenario() -> None:
        queue = queue_over(road)
        await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        begin = time.monotonic()
        waiting = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, timedelta(seconds=4)))
        await asyncio.sleep(BLOCK / 2)  # it is blocked by now
        road.deafen()
        with pytest.raises(ServerUnavailable):
            await waiting
        assert BLOCK < time.monotonic() - begin < BLOCK + READ + 0.5
        await queue._transport.close()

    run(scenario())


def test_the_bounds_are_as_documented() -> None:
    """Five seconds for an answer; for a blocked read its own time besides."""
    assert (address.READ_SECONDS, address.CONNECT_SECONDS) == (5.0, 5.0)
    plain = connection_options.connection_options(Address())
    waiting = connection_options.connection_options(Address(), longest_block=4.0)
    assert (plain["socket_timeout"], waiting["socket_timeout"]) == (READ, 4.0 + READ)


def test_a_refusal_after_a_broken_reply_does_not_claim_that_nothing_was_stored(server: ValkeyProcess) -> None:
    """The first try may have run: then it is ServerUnavailable, not ServerFull, that a second one meets."""

    async def scenario(road: TcpProxy) -> None:
        queue = queue_over(road)
        await queue.enqueue([message()])
        road.weather = Weather(delay=0.3)
        submitting = asyncio.create_task(queue.enqueue([message("job")]))
        with server.client() as client:
            await until(lambda: client.exists("jobs:data:job"))
        server.fill()
        road.reset()
        with pytest.raises(ServerUnavailable) as raised:
            await submitting
        assert raised.type is ServerUnavailable
        await queue._transport.close()

    with TcpProxy(server.socket_path) as road:
        run(scenario(road))


def test_in_an_outage_a_call_makes_one_connection(server: ValkeyProcess) -> None:
    """The second try is for a connection that broke, not for a server that is away."""

    async def scenario(road: TcpProxy) -> None:
        queue = queue_over(road)
        await queue.stats("default")
        road.part()
        road.reset()
        before = len(road.accepted)
        for _ in range(5):
            with pytest.raises(ServerUnavailable):
                await queue.stats("default")
        assert len(road.accepted) - before <= 6
        road.heal()
        assert (await queue.stats("default")).waiting == 0
        await queue._transport.close()

    with TcpProxy(server.socket_path) as road:
        run(scenario(road))
