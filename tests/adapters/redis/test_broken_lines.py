"""One connection for all calls of an event loop that breaks, falls silent, or leads to a server of no use."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
import redis

from adapters.redis.echo_calls import ask, proved
from adapters.redis.scripted_server import ScriptedServer
from hexjobs import ServerUnavailable
from hexjobs.adapters.redis.address import READ_SECONDS, Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.connection_options import connection_options
from hexjobs.adapters.redis.embedded_connection import async_connection_class
from hexjobs.adapters.redis.line import Line
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess


def test_a_broken_connection_fails_all_and_repeats_what_may_be(tmp_path: Path) -> None:
    """Repeatable calls run once more, all on one fresh connection; the others are told."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            transport = AsyncTransport(server.address)
            await proved(server, transport)
            calls = [ask(transport, str(number), repeatable=number % 2 == 0) for number in range(6)]
            await until(lambda: len(server.commands) == 6)
            server.hang_up()
            await until(lambda: len(server.commands) == 3)
            assert [command[-1] for _, command in server.commands] == [b"0", b"2", b"4"]
            server.answer(b"+0\r\n", b"+2\r\n", b"+4\r\n")
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert answers[::2] == [b"0", b"2", b"4"]
            assert [type(error) for error in answers[1::2]] == [ServerUnavailable] * 3
            assert server.connections == 2
            await transport.close()

    run(scenario())


def test_a_call_is_repeated_once_and_only_where_the_server_had_answered(tmp_path: Path) -> None:
    """A server that takes connections and breaks them has each call make one, and one more after a good one."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            transport = AsyncTransport(server.address)
            await proved(server, transport)
            for connections in (2, 3, 4):
                call = ask(transport, "word", repeatable=True)
                while not call.done():
                    await asyncio.sleep(0)
                    if server.commands:
                        server.hang_up()
                with pytest.raises(ServerUnavailable):
                    await call
                assert server.connections == connections
            await transport.close()

    run(scenario())


@pytest.mark.parametrize(
    "answer",
    [b"-LOADING it is\r\n", b"-READONLY a replica\r\n", b"nonsense\r\n", b":1\r\n:2\r\n:3\r\n"],
    ids=["loading", "replica", "nonsense", "too many"],
)
def test_a_server_of_no_use_is_left(tmp_path: Path, answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Its connection is closed at once, with what is pending; the next call makes another one."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            transport = AsyncTransport(server.address)
            calls = [ask(transport, "one"), ask(transport, "two")]
            await until(lambda: len(server.commands) == 2)
            server.say(answer)
            answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), READ_SECONDS / 2)
            if not answer.startswith(b":"):
                assert [type(error) for error in answers] == [ServerUnavailable] * 2
            if answer.startswith(b"nonsense"):
                assert "make no sense" in str(answers[0])
            await until(lambda: not server.open)
            server.commands.clear()
            await proved(server, transport)
            assert server.connections == 2
            await transport.close()

    run(scenario())
    assert "Fatal error" not in caplog.text, "no word of the event loop's about a protocol that failed"


def test_a_server_that_closes_right_after_its_greeting(tmp_path: Path) -> None:
    """Is found out at once: its end was read before the line reads, and would not be told again."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            connection = async_connection_class(server.address)(**connection_options(server.address))
            await connection.connect()
            server.hang_up()
            await until(connection._reader.at_eof)
            with pytest.raises(redis.ConnectionError):
                Line(connection, READ_SECONDS)
            connection.abort()

    run(scenario())


def test_an_event_loop_that_stood_still_reads_before_it_judges(server: ValkeyProcess) -> None:
    """An answer of two megabytes that came in time is no silence, although it is read late and in many pieces."""

    async def scenario() -> None:
        transport = AsyncTransport(Address(socket_path=server.socket_path, read_seconds=0.2))
        await transport.execute("PING")
        with server.client() as client:
            client.set("large", b"x" * 2_000_000)
        call = asyncio.create_task(transport.execute("GET", "large"))
        await asyncio.sleep(0)  # it is sent
        time.sleep(0.4)  # the loop stands still
        assert len(await call) == 2_000_000
        await transport.close()

    run(scenario())


def test_a_blocked_call_has_a_bound_of_its_own_and_leaves_none_behind(tmp_path: Path) -> None:
    """The answer may come after the bound of other calls; the call after it has the bound of a call again."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            address = Address(socket_path=server.address.socket_path, read_seconds=0.3)
            transport = AsyncTransport(address)
            blocked = asyncio.create_task(transport.wait("BLPOP", "mailbox", 9, longest=9))
            await until(lambda: len(server.commands) == 1)
            await asyncio.sleep(0.6)
            assert not blocked.done()
            server.answer(b"+word\r\n")
            assert await blocked == b"word"
            begun = time.monotonic()
            with pytest.raises(ServerUnavailable):
                await transport.wait("BLPOP", "mailbox", 0.1, longest=0.1)
            assert 0.4 <= time.monotonic() - begun < 2
            assert server.connections == 1
            await transport.close()

    run(scenario())


def test_the_bound_is_that_of_the_oldest_call(tmp_path: Path) -> None:
    """A server that answers some and then falls silent is found out within the bound of the first it keeps waiting."""

    async def scenario() -> None:
        async with ScriptedServer(tmp_path) as server:
            address = Address(socket_path=server.address.socket_path, read_seconds=0.5)
            transport = AsyncTransport(address)
            await proved(server, transport)
            begun = time.monotonic()
            calls = [ask(transport, str(number), repeatable=True) for number in range(3)]
            await until(lambda: len(server.commands) == 3)
            server.answer(b"+0\r\n")
            assert await calls[0] == b"0"
            errors = await asyncio.gather(*calls[1:], return_exceptions=True)
            assert ["within 0.5 seconds" in str(error) for error in errors] == [True, True]
            assert 0.5 <= time.monotonic() - begun < 0.9
            assert server.connections == 1, "silence is not answered by asking again"
            await transport.close()

    run(scenario())
