"""Blocking connections: one for each command, used again, never by two at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from hashlib import sha1
from typing import Any

import pytest
import redis

from hexjobs import ServerUnavailable
from hexjobs.adapters.redis import blocking_road
from hexjobs.adapters.redis.address import READ_SECONDS, Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_road import BlockingRoad
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.connection_options import connection_options
from hexjobs.adapters.redis.connection_stack import ConnectionStack
from hexjobs.adapters.redis.embedded_connection import blocking_connection_class
from hexjobs.adapters.redis.packed import packed
from hexjobs.adapters.redis.scripts import Script
from hexjobs.adapters.redis.transport import Transport
from hexjobs.application.blocking import drive
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess


def script(text: str) -> Script:
    return Script("test", text, sha1(text.encode(), usedforsecurity=False).hexdigest())


ECHO = script("return ARGV[2]")


def stack(server: ValkeyProcess) -> ConnectionStack:
    address = Address(socket_path=server.socket_path)
    return ConnectionStack(blocking_connection_class(address), connection_options(address))


def test_each_thread_has_its_own_answer(server: ValkeyProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads that begin together on one transport, with at most as many connections, used again and again."""
    together = threading.Barrier(8)

    def road(address: Address) -> BlockingRoad:
        together.wait(10)
        return BlockingRoad(address)

    monkeypatch.setattr(blocking_road, "BlockingRoad", road)
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    wrong: list[Any] = []

    def caller(number: int) -> None:
        for call in range(200):
            word = f"{number}-{call}"
            answer = drive(transport.run(ECHO, ["jobs", word]))
            if answer != word.encode():
                wrong.append((word, answer))

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
    with server.client() as client:
        before = client.info("stats")["total_connections_received"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert 1 <= client.info("stats")["total_connections_received"] - before <= 8
        drive(transport.close())
        run(until(lambda: len(client.client_list()) == 1))


def test_what_the_server_closed_is_not_used(server: ValkeyProcess) -> None:
    """Each is looked at before it is used: the server may have closed it, or been started anew, while it idled."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    drive(transport.execute("PING"))
    drive(transport.wait("PING", longest=1))
    with server.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        drive(transport.execute("PING"))
        drive(transport.wait("PING", longest=1))
        mine = drive(transport.execute("CLIENT", "ID"))
        assert drive(transport.execute("CLIENT", "ID")) == mine, "a good one is kept"
    drive(transport.close())


def test_a_repeatable_command_finds_out_by_itself(server: ValkeyProcess) -> None:
    """It looks at no connection first, and is asked again, on a fresh one, where the server had closed it."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    drive(transport.execute("PING"))
    with server.client() as client:
        before = client.info("stats")["total_connections_received"]
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert drive(transport.run(ECHO, ["jobs", "word"], repeatable=True)) == b"word"
        assert drive(transport.run(ECHO, ["jobs", "word"], repeatable=True)) == b"word"
        assert client.info("stats")["total_connections_received"] == before + 1
    drive(transport.close())


def test_closing_fails_what_other_threads_wait_for(
    server: ValkeyProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once and for good: nothing is connected anew that nobody would close."""
    connections = stack(server)
    connections.ask(packed("PING"))
    [connection] = connections._idle
    read, sent, failed = connection._receive, threading.Event(), list[Exception]()

    def reading() -> Any:
        sent.set()
        return read()

    def caller() -> None:
        try:
            connections.ask(packed("PING"))
        except redis.ConnectionError as error:
            failed.append(error)

    monkeypatch.setattr(connection, "_receive", reading)
    server.pause()
    try:
        thread = threading.Thread(target=caller)
        thread.start()
        assert sent.wait(10)
        connections.close()
        thread.join(READ_SECONDS / 2)
        assert len(failed) == 1
    finally:
        server.resume()
        thread.join()
    with pytest.raises(redis.ConnectionError, match="was closed"):
        connections.ask(packed("PING"))


def test_a_command_that_was_interrupted_leaves_no_answer_to_another(
    server: ValkeyProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as by Ctrl-C between the command and its answer: the connection is closed."""
    connections = stack(server)
    assert connections.ask(packed("PING")) == b"PONG"
    [connection] = connections._idle

    class Interrupted(BaseException):
        """As KeyboardInterrupt, which would end the tests."""

    def interrupted() -> None:
        monkeypatch.undo()
        raise Interrupted

    monkeypatch.setattr(connection, "_receive", interrupted)
    with pytest.raises(Interrupted):
        connections.ask(packed("ECHO", "one"))
    assert connections.ask(packed("ECHO", "two")) == b"two"
    assert connection not in connections._open
    connections.close()


def test_a_refusal_is_an_answer(server: ValkeyProcess) -> None:
    """A connection on which the server refused a command is used again."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    mine = drive(transport.execute("CLIENT", "ID"))
    with pytest.raises(Exception, match="unknown command"):
        drive(transport.execute("NONSENSE"))
    assert drive(transport.execute("CLIENT", "ID")) == mine
    drive(transport.close())


def test_a_server_that_became_a_replica_is_left(server: ValkeyProcess) -> None:
    """Behind the same name may be another one by now: the next call connects anew, in both forms."""
    write = script("return redis.call('SET', KEYS[1], '1')")
    address = Address(socket_path=server.socket_path)
    waiting, blocking = AsyncTransport(address), BlockingTransport(address)
    forms: list[Transport] = [waiting, blocking]

    async def scenario() -> None:
        mine = await waiting.execute("CLIENT", "ID"), await blocking.execute("CLIENT", "ID")
        await waiting.wait("PING", longest=1)
        with server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
            for transport in forms:
                with pytest.raises(ServerUnavailable, match="refuses"):
                    await transport.run(write, ["jobs"], repeatable=True)
            await until(lambda: len(client.client_list()) == 1)
            client.execute_command("REPLICAOF", "NO", "ONE")
        for transport, before in zip(forms, mine, strict=True):
            assert await transport.run(write, ["jobs"]) == b"OK"
            assert await transport.execute("CLIENT", "ID") != before
            await transport.close()

    run(scenario())


FORKING = """
import os, sys
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.blocking_road import BlockingRoad
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.application.blocking import drive

transport = BlockingTransport(Address(socket_path=sys.argv[1]))
call = lambda *words: drive(transport.execute(*words))
mine = call("CLIENT", "ID")
child = os.fork()
if not child:
    own = call("CLIENT", "ID")
    for number in range(500):
        assert call("ECHO", f"child {number}") == f"child {number}".encode()
    assert own != mine and call("CLIENT", "ID") == own
    drive(transport.close())
    os._exit(0)
for number in range(500):
    assert call("ECHO", f"parent {number}") == f"parent {number}".encode()
assert os.waitpid(child, 0)[1] == 0, "the child's answers were its own"
assert call("CLIENT", "ID") == mine, "the child's end left the parent's connection alone"
drive(transport.close())
"""


def test_a_fork_shares_no_connection(server: ValkeyProcess) -> None:
    """Parent and child call at the same time, each on its own; closing in the child closes nothing of the parent's."""
    command = [sys.executable, "-c", FORKING, server.socket_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
