"""The embedded server, as a client process sees it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypedDict, cast

from ...domain.errors import InvalidConfiguration, Problem, ServerUnavailable
from .hold import Hold, await_hold
from .launch import installed_binary, log_tail, one_starter, start_keeper
from .places import CONTROL_SOCKET, LOG, connect, recorded_runtime

Fsync = Literal["always", "everysec", "no"]


class ServerInfo(TypedDict):
    """The server in use; `fsync` is what it runs with, which another client may have chosen: see `fsync_asked`."""

    socket: str
    keeper_pid: int
    server_pid: int
    fsync: Fsync
    fsync_asked: Fsync
    data_dir: str


class EmbeddedServer:
    """A Valkey server on `data_dir` that runs while any process uses it, and stops within 2 s after the last one.

    Safe to share between threads and over a fork; makes no thread. `start_timeout` is in seconds; a server that reads
    a long append-only file may take longer. Nothing happens before the first `ensure`.
    """

    def __init__(
        self,
        data_dir: Path,
        fsync: Fsync = "always",
        start_timeout: float = 10.0,
        *,
        find_binary: Callable[[], str] = installed_binary,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._fsync: Fsync = fsync
        self._start_timeout = start_timeout
        self._find_binary = find_binary
        self._hold: Hold | None = None
        self._locks: dict[int, threading.Lock] = {}

    def ensure(self) -> str:
        """The path of the server's unix socket; the server answers there and this process holds it.

        One system call while the hold is good; otherwise finds or starts a keeper. Raises ServerUnavailable, or
        InvalidConfiguration when the server is not installed or the directory cannot be made.
        """
        with self._one_thread():
            if self._hold is None or not self._hold.is_alive():
                self._let_go()
                self._hold = self._take_hold()
            return str(self._hold.answer["socket"])

    def release(self) -> None:
        """Let go of the server, in this process only: a forked child keeps its hold. `ensure` takes a new one."""
        with self._one_thread():
            self._let_go()

    def info(self) -> ServerInfo:
        """What runs right now, asked of its keeper, as soon as the server answers. Raises as `ensure` does."""
        self.ensure()
        with contextlib.closing(self._take_hold()) as asked:
            own = {"fsync_asked": self._fsync, "data_dir": str(self._data_dir)}
            return cast("ServerInfo", asked.answer | own)

    @contextlib.contextmanager
    def _one_thread(self) -> Iterator[None]:
        # A lock for each process: the one that a forked child inherits may be held by a thread that it does not have.
        lock = self._locks.setdefault(os.getpid(), threading.Lock())
        if not lock.acquire(timeout=2 * self._start_timeout):
            raise ServerUnavailable(f"another thread still waits for the server on {self._data_dir}")
        try:
            yield
        finally:
            lock.release()

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.close()
            self._hold = None

    def _take_hold(self) -> Hold:
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            problem = Problem("jobs.embedded.data_dir", f"cannot be made: {error}")
            raise InvalidConfiguration([problem]) from error
        try:
            return self._try_to_hold(time.monotonic() + self._start_timeout)
        except (ServerUnavailable, OSError) as error:
            raise ServerUnavailable(
                f"there is no server on {self._data_dir}: {error}\n"
                f"{self._data_dir / LOG} ends with:\n{log_tail(self._data_dir)}"
            ) from error

    def _try_to_hold(self, deadline: float) -> Hold:
        while time.monotonic() < deadline:
            connection = self._call_keeper() or self._start_keeper(deadline)
            if connection and (hold := await_hold(connection, max(0.1, deadline - time.monotonic()))):
                return hold
            time.sleep(0.01)  # that keeper was leaving; the next one waits until it is gone
        raise ServerUnavailable("each keeper left before its server answered")

    def _call_keeper(self) -> socket.socket | None:
        runtime = recorded_runtime(self._data_dir)
        return connect(runtime / CONTROL_SOCKET, timeout=1.0) if runtime else None

    def _start_keeper(self, deadline: float) -> socket.socket | None:
        binary = self._find_binary()
        with one_starter(self._data_dir, deadline):
            if connection := self._call_keeper():
                return connection
            start_keeper(self._data_dir, binary, self._fsync, max(0.1, deadline - time.monotonic()))
        return self._call_keeper()
