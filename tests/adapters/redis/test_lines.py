"""One connection for all calls of an event loop: whose answer is whose, and what happens to all when it fails."""

from __future__ import annotations

import asyncio
import random
import threading
import weakref
from contextvars import ContextVar
from pathlib import Path

import pytest
import redis

from adapters.redis.echo_calls import ECHO, ask, proved
from adapters.redis.scripted_server import ScriptedServer
from hexjobs import ServerUnavailable
from hexjobs.adapters.redis.address import READ_SECONDS, Address
from hexjobs.adapters.redis.async_road import AsyncRoad
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.line import Line
from hexjobs.adapters.redis.packed import packed
from support.certificates import server_context
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess


def test_each_caller_has_its_own_answer(server: ValkeyProcess) -> None:
    """Two hundred callers at once, with answers of one byte to two megabytes, on one connection."""

    async def caller(transport: AsyncTransport, number: int) -> None:
        dice = random.Random(number)
        for call in range(20):
            word = f"{number}-{call}-" + "x" * dice.choice([0, 10, 1000, 100_000])
            assert await transport.run(ECHO, ["jobs", word]) == word.encode()

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        await asyncio.gather(*(caller(transport, number) for number in range(200)))
        assert len(await transport.execute("CLIENT", "LIST")) > 0
        with server.client() as client:
            assert len(client.client_list()) == 2, "the transport's, and this one"
        await transport.close()

    run(scenario(), 60)


class CountedTransport:
    """Notes what is written on the way to a real one."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.written = transport, list[bytes]()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self._transport.write(data)


async def counted_line(road: AsyncRoad) -> tuple[Line, list[bytes]]:
    """The road's line, and what is written there."""
    await road.ask(packed("PING"))
    line = road._shared
    assert line is not None
    transport = line._transport = CountedTransport(line._transport)  # type: ignore[assignment]  # stands in for it
    return line, transport.written


def test_a_lone_command_goes_out_at_once_and_others_go_together(server: ValkeyProcess) -> None:
    """A lone call waits for no turn of the loop; fifty that come in one turn make two writes."""

    async def scenario() -> None:
        road = AsyncRoad(Address(socket_path=server.socket_path))
        line, written = await counted_line(road)
        command = packed("PING")
        answer = line.ask(command)
        assert written == [command]
        assert await answer == b"PONG"
        answers = await asyncio.gather(*(road.ask(command) for _ in range(50)))
        assert answers == [b"PONG"] * 50
        assert written[1:] == [command, command * 49]
        await road.close()

    run(scenario())


def test_what_waits_for_the_next_turn_is_not_written_on_a_closed_line(server: ValkeyProcess) -> None:
    """It fails with the rest."""

    async def scenario() -> None:
        road = AsyncRoad(Address(socket_path=server.socket_path))
        line, written = await counted_line(road)
        command = packed("PING")
        answers = [line.ask(command) for _ in range(2)]
        line.close()
        errors = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(error) for error in errors] == [redis.ConnectionError] * 2
        await road.close()
        assert written == [command]

    run(scenario())


def test_a_cancelled_caller_harms_no_other(tmp_path: Path) -> None:
    """Its answer is thrown away; those before and behind it have their own, on the same connection."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            transport = AsyncTransport(server.address)
            calls = [ask(transport, word) for word in ("one", "two", "three")]
            await until(lambda: len(server.commands) == 3)
            calls[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await calls[1]
            server.answer(b"+one\r\n", b"+two\r\n", b"+three\r\n")
            assert (await calls[0], await calls[2]) == (b"one", b"three")
            assert server.connections == 1
            await transport.close()

    run(scenario())


def test_who_connects_may_be_cancelled_while_others_wait_for_the_same_connection(tmp_path: Path) -> None:
    """The connection is nobody's: it goes on, and serves those who stay."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            server.greets = False
            transport = AsyncTransport(server.address)
            first, second = ask(transport, "first"), ask(transport, "second")
            await until(lambda: server.connections)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            server.greet()
            await until(lambda: server.commands)
            server.answer(b"+second\r\n")
            assert await second == b"second"
            assert server.connections == 1
            await transport.close()

    run(scenario())


def test_a_line_keeps_nothing_of_the_caller_that_opened_it(server: ValkeyProcess) -> None:
    """Not its context variables: a request that happened to be the first one is not kept as long as the process."""

    class Request:
        pass

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        current: ContextVar[Request] = ContextVar("current")

        async def first() -> weakref.ref[Request]:
            request = Request()
            current.set(request)
            await transport.execute("PING")
            return weakref.ref(request)

        request = await asyncio.create_task(first())
        await until(lambda: request() is None, READ_SECONDS / 2)
        await transport.close()

    run(scenario())


@pytest.mark.parametrize("factory", ["asyncio", "uvloop"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_closing_fails_what_is_pending(tmp_path: Path, factory: str, tls: bool) -> None:
    """Calls and waits, repeatable or not, and those who wait for a connection; a later call opens a new one."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path, server_context() if tls else None) as server:
            transport = AsyncTransport(server.address)
            await proved(server, transport)
            calls = [ask(transport, "word", repeatable=repeatable) for repeatable in (True, False)]
            calls.append(asyncio.create_task(transport.wait("BLPOP", "mailbox", 4, longest=4)))
            await until(lambda: len(server.commands) == 3)
            await transport.close()
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(error) for error in errors] == [ServerUnavailable] * 3
            await until(lambda: not server.open)
            assert server.connections == 2
            server.greets = False
            connecting = [ask(transport, "word", repeatable=True) for _ in range(2)]
            connecting.append(asyncio.create_task(transport.wait("BLPOP", "mailbox", 4, longest=4)))
            await until(lambda: server.connections == 4)
            await transport.close()
            server.greet()
            ending = asyncio.gather(*connecting, return_exceptions=True)
            errors = await asyncio.wait_for(ending, READ_SECONDS / 2)
            assert [type(error) for error in errors] == [ServerUnavailable] * 3
            await until(lambda: not server.open)
            server.commands.clear()
            await proved(server, transport)
            await transport.close()

    new_loop = pytest.importorskip("uvloop").new_event_loop if factory == "uvloop" else None
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 20))


def test_a_wait_that_is_cancelled_gives_up_its_connection_and_no_other(server: ValkeyProcess) -> None:
    """Its answer may still come, so nobody else uses it; calls go on where they were. One that ended is used again."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path))
        mine = await transport.execute("CLIENT", "ID")
        with server.client() as client:
            waiting = asyncio.create_task(transport.wait("BLPOP", "mailbox", 4, longest=4))
            await until(lambda: client.info("clients")["blocked_clients"])
            waiting.cancel()
            await until(lambda: not client.info("clients")["blocked_clients"], 2)
            client.rpush("mailbox", "word")
        assert await transport.execute("CLIENT", "ID") == mine
        assert await transport.wait("BLPOP", "mailbox", 4, longest=4) == [b"mailbox", b"word"]
        used = await transport.wait("CLIENT", "ID", longest=1)
        assert used != mine
        assert await transport.wait("CLIENT", "ID", longest=1) == used
        await transport.close()

    run(scenario())


def test_each_event_loop_has_a_connection_of_its_own(server: ValkeyProcess) -> None:
    """One transport serves two loops at once; each closes its own when it ends, without being told."""
    transport = AsyncTransport(Address(socket_path=server.socket_path))
    both_there = threading.Barrier(2)
    ids: list[int] = []

    async def scenario(number: int) -> None:
        ids.append(await transport.execute("CLIENT", "ID"))
        await asyncio.to_thread(both_there.wait, 10)
        words = [f"{number}-{call}" for call in range(200)]
        answers = await asyncio.gather(*(transport.run(ECHO, ["jobs", word]) for word in words))
        assert answers == [word.encode() for word in words]

    threads = [threading.Thread(target=run, args=(scenario(number),)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 2
    assert transport._calls == {}
    with server.client() as client:
        run(until(lambda: len(client.client_list()) == 1))
