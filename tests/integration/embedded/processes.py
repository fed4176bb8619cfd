"""Client processes for the tests of the embedded server, and what the tests ask about processes.

Run as a file with a data directory, it obeys one JSON command a line on its standard input.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from hexjobs.adapters.embedded.launch import installed_binary, one_starter
from hexjobs.adapters.embedded.server import EmbeddedServer


def becomes(condition: Callable[[], object], within: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_gone(process: psutil.Process) -> bool:
    """Whether the process ended, be it reaped or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Client:
    """A process of its own that uses the embedded server on `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        command = [sys.executable, str(Path(__file__)), str(data_dir)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.said = b""

    def tell(self, *command: str) -> None:
        """Give a command without waiting for the reply."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def reply(self, within: float = 15.0) -> Any:
        """What the process answers to the command given first."""
        assert self.process.stdout
        deadline = time.monotonic() + within
        while b"\n" not in self.said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the client process does not answer"
            received = os.read(self.process.stdout.fileno(), 65536)
            assert received, "the client process ended"
            self.said += received
        line, _, self.said = self.said.partition(b"\n")
        return json.loads(line)

    def ask(self, *command: str) -> Any:
        """Give a command and return the reply."""
        self.tell(*command)
        return self.reply()

    def kill(self) -> None:
        """End the process at once, as the kernel would when memory is short."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()


class Commands:
    """What a client process can be told; each returns the reply."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.server = EmbeddedServer(data_dir)

    def info(self) -> Any:
        return self.server.info()

    def ensure(self) -> str:
        return self.server.ensure()

    def release(self) -> None:
        self.server.release()

    def set(self, key: str, value: str) -> bool:
        import redis  # not at the top: most client processes do not need it, and it takes its time

        with redis.Redis(unix_socket_path=self.server.ensure()) as connection:
            return bool(connection.set(key, value))

    def count_until_killed(self) -> int:
        """The highest count that the server acknowledged; tells the first one at once, for the test to strike then."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        acknowledged = 0
        with redis.Redis(unix_socket_path=self.server.ensure(), retry=Retry(NoBackoff(), 0)) as connection:
            try:
                while True:
                    acknowledged = int(str(connection.incr("count")))
                    if acknowledged == 100:
                        say("counting")
            except redis.ConnectionError:
                return acknowledged

    def fork(self) -> int:
        """The pid of a child that does nothing but live."""
        child = os.fork()
        if not child:
            signal.pause()
        return child

    def fork_and_release(self) -> int:
        """The pid of a child that let go of the server and lives."""
        told, tells = os.pipe()
        child = os.fork()
        if not child:
            self.server.release()
            os.write(tells, b"!")
            signal.pause()
        os.read(told, 1)
        return child

    def fork_while_starting(self) -> int:
        """The pid of a child forked in the middle of a start, after another start was possible while it lives."""
        self.data_dir.mkdir()
        with one_starter(self.data_dir, deadline=0):
            child = self.fork()
        with one_starter(self.data_dir, deadline=0):
            return child

    def ensure_in_child_of_starting_thread(self) -> str:
        """What a child gets from a server that another thread of its parent was just starting at the fork."""
        found, may_go_on = threading.Event(), threading.Event()

        def find_binary() -> str:
            if threading.current_thread() is not threading.main_thread():
                found.set()
                may_go_on.wait()
            return installed_binary()

        server = EmbeddedServer(self.data_dir, start_timeout=5, find_binary=find_binary)
        starter = threading.Thread(target=server.ensure)
        starter.start()
        found.wait()
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(writes, server.ensure().encode())
            finally:
                os._exit(0)
        os.close(writes)
        socket = os.read(reads, 1000).decode()
        os.waitpid(child, 0)
        may_go_on.set()
        starter.join()
        return socket


def say(reply: object) -> None:
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def main() -> None:
    commands = Commands(Path(sys.argv[1]))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        say(getattr(commands, name)(*arguments))


if __name__ == "__main__":
    main()
