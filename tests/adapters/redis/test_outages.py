"""The adapter when its server goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from faults.harness.tcp_proxy import TcpProxy
from hexjobs import InvalidConfiguration, ServerUnavailable
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.scripts import Script
from hexjobs.adapters.redis.transport import Argument
from hexjobs.application.blocking import drive
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from support.messages import message, messages
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

SUBSCRIPTION = Subscription("worker-1", {"default": 1})
AT_ONCE = timedelta(0)


def test_scripts_are_loaded_again_after_a_restart(server: ValkeyProcess) -> None:
    """A server that has lost its scripts is given them again, unseen by the caller."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        queue = RedisJobQueue(transport, Keys())
        await queue.enqueue(messages(2))
        with server.client() as client:
            client.script_flush()
        await queue.enqueue([message("third")])
        assert len(await queue.dequeue(SUBSCRIPTION, 10, AT_ONCE)) == 3
        await transport.close()

    run(scenario())


def test_an_enqueue_survives_a_restart_of_the_server(server: ValkeyProcess) -> None:
    """A pooled connection that broke is replaced; acknowledged jobs are there after SIGKILL."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        queue = RedisJobQueue(transport, Keys())
        await queue.enqueue([message("before")])
        server.kill()
        server.start()
        [result] = await queue.enqueue([message("after")])
        assert result.is_new
        taken = await queue.dequeue(SUBSCRIPTION, 10, AT_ONCE)
        assert [delivery.job_id for delivery in taken] == ["before", "after"]
        await transport.close()

    run(scenario())


def test_the_blocking_transport_survives_a_restart_too(server: ValkeyProcess) -> None:
    """The same through the blocking form, driven without an event loop."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    queue = RedisJobQueue(transport, Keys())
    drive(queue.enqueue([message("before")]))
    server.kill()
    server.start()
    drive(queue.enqueue([message("after")]))
    assert drive(queue.stats("default")).waiting == 2
    drive(transport.close())


def test_an_absent_server_is_server_unavailable(server: ValkeyProcess) -> None:
    """Every operation says so, and names the address but no password."""
    server.kill()
    address = Address(socket_path=server.socket_path, password="secret-word")

    async def scenario() -> None:
        queue = RedisJobQueue(AsyncTransport(address), Keys())
        for operation in (queue.enqueue([message()]), queue.stats("default"), queue.ping()):
            with pytest.raises(ServerUnavailable) as raised:
                await operation
            assert server.socket_path in str(raised.value)
            assert "secret-word" not in str(raised.value)

    run(scenario())
    with pytest.raises(ServerUnavailable):
        drive(RedisJobQueue(BlockingTransport(address), Keys()).ping())


def test_deliveries_whose_reply_was_lost_are_given_back(server: ValkeyProcess) -> None:
    """A reply that never arrived made jobs ours unknown to us: the next fetch gives them back, no attempt spent."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        queue = RedisJobQueue(transport, Keys())
        await queue.enqueue([message("held"), message("lost")])
        [held] = await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)

        class LosesReplies(AsyncTransport):
            async def run(
                self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False
            ) -> Any:
                await transport.run(script, arguments, repeatable=repeatable)
                raise ServerUnavailable("the reply was lost")

        queue._transport = LosesReplies(Address(socket_path=server.socket_path))
        with pytest.raises(ServerUnavailable):
            await queue.dequeue(SUBSCRIPTION, 5, AT_ONCE)
        queue._transport = transport
        [again] = await queue.dequeue(SUBSCRIPTION, 5, AT_ONCE)
        assert (held.job_id, again.job_id, again.attempt) == ("held", "lost", 1)
        assert await queue.settle([]) == []
        assert await queue.ack(held)
        assert await queue.ack(again)
        await transport.close()

    run(scenario())


def test_an_idle_worker_waits_blocked_and_does_not_poll(server: ValkeyProcess) -> None:
    """While nothing is there, the server is asked at most once a second; a job ends the wait at once."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        queue = RedisJobQueue(transport, Keys())
        other = RedisJobQueue(AsyncTransport(Address(socket_path=server.socket_path)), Keys())
        await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        with server.client() as client:
            waiting = asyncio.create_task(queue.dequeue(SUBSCRIPTION, 1, timedelta(seconds=4)))
            await until(lambda: client.info("clients")["blocked_clients"])
            begun = client.info("stats")["total_commands_processed"]
            await asyncio.sleep(1.0)  # the second in which nothing may be asked
            asked = client.info("stats")["total_commands_processed"] - begun
            assert asked <= 2, "the blocked read, and this question"
            assert not waiting.done()
            begin = asyncio.get_running_loop().time()
            await other.enqueue([message("wakes")])
            [delivery] = await waiting
            assert delivery.job_id == "wakes"
            assert asyncio.get_running_loop().time() - begin < 0.5
        await transport.close()
        await other._transport.close()

    run(scenario())


def test_a_wake_is_not_lost_on_the_way_to_the_wait(server: ValkeyProcess) -> None:
    """A dequeue that is woken before it blocks does not block."""

    async def scenario() -> None:
        queue = RedisJobQueue(AsyncTransport(Address(socket_path=server.socket_path)), Keys())
        await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        await queue.wake("worker-1")
        begin = asyncio.get_running_loop().time()
        assert await queue.dequeue(SUBSCRIPTION, 1, timedelta(seconds=4)) == []
        assert asyncio.get_running_loop().time() - begin < 2
        await queue._transport.close()

    run(scenario())


def test_fences_grow_although_the_clock_steps_back(server: ValkeyProcess) -> None:
    """A token is higher than the last one given out, whatever the server's clock says."""
    ahead = 1 << 52

    async def scenario() -> None:
        queue = RedisJobQueue(AsyncTransport(Address(socket_path=server.socket_path)), Keys())
        with server.client() as client:
            client.set("jobs:fence", ahead)
        await queue.enqueue(messages(2))
        taken = await queue.dequeue(SUBSCRIPTION, 2, AT_ONCE)
        assert [delivery.fence for delivery in taken] == [ahead + 1, ahead + 2]
        assert all(await queue.settle([Settlement(delivery, JobEvent.SUCCEEDED) for delivery in taken]))
        await queue._transport.close()

    run(scenario())


@pytest.mark.parametrize(
    ("layout", "advice"), [("3", "run a newer release"), ("1", "let the release that wrote them")]
)
def test_a_worker_refuses_another_key_layout(server: ValkeyProcess, layout: str, advice: str) -> None:
    """It takes no job, says what to do, and goes on once the layout is one it knows."""

    async def scenario() -> None:
        queue = RedisJobQueue(AsyncTransport(Address(socket_path=server.socket_path)), Keys())
        await queue.enqueue([message()])
        with server.client() as client:
            client.hset("jobs:meta", "layout", layout)
            with pytest.raises(
                InvalidConfiguration, match=f"layout {layout}, this release knows 2: {advice}"
            ):
                await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
            assert client.llen("jobs:queue:default:normal") == 1
            client.delete("jobs:meta")
        assert len(await queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)) == 1
        await queue._transport.close()

    run(scenario())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_connection_that_broke_while_it_idled_is_replaced(server: ValkeyProcess, loop: str) -> None:
    """On every event loop: unseen by the caller once the loop has read its end, and before that by a repeatable call."""

    async def scenario(proxy: TcpProxy) -> None:
        transport = AsyncTransport(Address(host="127.0.0.1", port=proxy.port))
        queue = RedisJobQueue(transport, Keys())
        await queue.ping()
        for number in range(3):
            proxy.reset()
            [result] = await queue.enqueue([message(f"job-{number}-{loop}")])
            assert result.is_new
            proxy.reset()
            await asyncio.sleep(0.05)  # in which the loop reads the reset
            await queue.ping()
        await transport.close()

    factory = None
    if loop == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    with TcpProxy(server.socket_path) as proxy, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(scenario(proxy))
