"""The process that holds a Valkey server on a data directory for as long as any other process uses it.

Run as a file, `python -IS keeper.py ORDER`, the order as a JSON object: data_dir, binary, fsync, give_up_at (on the
system's monotonic clock, when to stop waiting for an older server to go). One thread, and the standard library only, because no package is on its path.

It says one JSON line on standard output, `{"listening": true}` or `{"error": reason}`. A client then connects to the
control socket and sends nothing: its open connection is its hold, which a forked child shares and the kernel closes at
death. The keeper answers `{"loading": true}` each second while the server reads its files, then, once that answers
PING, `{"socket", "fsync", "keeper_pid", "server_pid"}`; or `{"error": reason}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import types
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a file: the siblings become a package of their own (PEP 366), without the one around them.
    __package__ = "embedded"
    sys.modules[__package__] = types.ModuleType(__package__)
    sys.modules[__package__].__path__ = [str(Path(__file__).parent)]

from .places import (
    CONTROL_SOCKET,
    LOCK,
    SERVER_SOCKET,
    connect,
    make_runtime,
    recorded_runtime,
    remove_record,
    remove_runtime,
    try_lock,
    write_record,
)
from .valkey_process import ValkeyProcess, say

GRACE = 1.0  # seconds without a hold; commands that follow each other share a server
MOST_FAILURES = 5


class Keeper:
    """The clients' holds, and the server that lives as long as there is one."""

    def __init__(self, data_dir: str, binary: str, fsync: str, give_up_at: float) -> None:
        self.data_dir, self.binary, self.fsync, self.give_up_at = Path(data_dir), binary, fsync, give_up_at
        self.selector = selectors.DefaultSelector()
        self.holds: set[socket.socket] = set()
        self.unanswered: set[socket.socket] = set()
        self.idle_since = self.loading_told_at = time.monotonic()
        self.is_asked_to_stop = False

    def run(self) -> None:
        """Keep the server until nobody needs it; leave at once if another keeper has it. Raises OSError."""
        self.watch_signals()
        lock = os.open(self.data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self.takes(lock):
            tell_starter({"listening": True})
            return
        if leftover := recorded_runtime(self.data_dir):
            remove_runtime(leftover)
        with (
            contextlib.ExitStack() as leaving
        ):  # upwards: no new clients, no holds, no record, no server, no folder
            self.runtime = make_runtime()
            leaving.callback(remove_runtime, self.runtime)
            self.server = ValkeyProcess(self.binary, self.data_dir, self.runtime, self.fsync, lock)
            leaving.callback(self.server.stop)
            leaving.callback(remove_record, self.data_dir, self.runtime)
            leaving.callback(self.drop_all)
            listener = leaving.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(self.runtime / CONTROL_SOCKET))
            listener.listen(512)
            listener.setblocking(False)
            self.selector.register(listener, selectors.EVENT_READ, self.accept)
            write_record(self.data_dir, self.runtime)
            tell_starter({"listening": True})
            self.serve()

    def watch_signals(self) -> None:
        """Have signals wake the loop, whatever the process that started this one did with them."""
        wake, wakes = socket.socketpair()
        wake.setblocking(False)
        wakes.setblocking(False)
        self.selector.register(wake, selectors.EVENT_READ, lambda end: end.recv(64))
        signal.set_wakeup_fd(wakes.detach())
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "is_asked_to_stop", True))
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def takes(self, lock: int) -> bool:
        """True when the directory is this keeper's, False when another one serves it. Raises TimeoutError."""
        orphan_after = time.monotonic() + 1
        while not try_lock(lock):
            now = time.monotonic()
            if runtime := recorded_runtime(self.data_dir):
                if other := connect(runtime / CONTROL_SOCKET, timeout=0.2):
                    other.close()
                    return False
                if now > orphan_after:  # a server whose keeper died where the kernel did not tell it
                    say(runtime / SERVER_SOCKET, "SHUTDOWN NOSAVE")
            if now > self.give_up_at or self.is_asked_to_stop:
                raise TimeoutError(f"another server holds {self.data_dir / LOCK}; in another container?")
            time.sleep(0.02)
        return True

    def serve(self) -> None:
        """Hold, answer and look after the server until there is a reason to leave."""
        reason = ""
        while not reason:
            events = self.selector.select(self.pause())
            for key, _ in events:
                key.data(key.fileobj)
            log(self.server.look_after())
            self.answer()
            reason = self.reason_to_leave() or ("" if events else self.missing_file())
        log(f"leaves: {reason}")

    def pause(self) -> float:
        """Seconds after which to look even when nothing happens."""
        if not self.server.is_ready:
            return 0.02
        return 2.0 if self.holds else max(0.0, self.idle_since + GRACE - time.monotonic())

    def reason_to_leave(self) -> str:
        """Why the keeper has to go, or nothing."""
        if self.is_asked_to_stop:
            return "asked to stop"
        if not self.holds and time.monotonic() - self.idle_since >= GRACE:
            return "nobody uses the server"
        if self.server.failures >= MOST_FAILURES:
            reason = f"the server died {MOST_FAILURES} times in a row"
            self.tell({"error": reason})
            return reason
        return ""

    def missing_file(self) -> str:
        """The reason to leave when a log-out or a cleaner removed files, or nothing.

        The holders then start a keeper that others can find too.
        """
        if not self.server.is_ready:
            return ""
        found = recorded_runtime(self.data_dir) == self.runtime and (self.runtime / CONTROL_SOCKET).exists()
        return "" if found and self.server.socket.exists() else "its files were removed"

    def answer(self) -> None:
        """Tell those who wait how far the server is."""
        if self.server.is_ready:
            pids = {"keeper_pid": os.getpid(), "server_pid": self.server.pid}
            self.tell({"socket": str(self.server.socket), "fsync": self.fsync, **pids})
            self.unanswered.clear()
        elif self.server.is_loading and time.monotonic() - self.loading_told_at >= 1:
            self.tell({"loading": True})
            self.loading_told_at = time.monotonic()

    def tell(self, message: dict[str, Any]) -> None:
        """Send the message to all that wait for their answer."""
        for connection in tuple(self.unanswered):
            try:
                connection.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                self.drop(connection)

    def accept(self, listener: socket.socket) -> None:
        """Take a client's hold."""
        try:
            connection, _ = listener.accept()
        except OSError as error:
            log(f"cannot accept: {error}")
            time.sleep(0.1)  # out of descriptors, most likely: the client stays in the queue, so do not spin
            return
        connection.setblocking(False)
        self.holds.add(connection)
        self.unanswered.add(connection)
        self.selector.register(connection, selectors.EVENT_READ, self.hear)

    def hear(self, connection: socket.socket) -> None:
        """Notice that the last process that shared this hold let go of it."""
        with contextlib.suppress(OSError):
            if connection.recv(4096):
                return
        self.drop(connection)

    def drop(self, connection: socket.socket) -> None:
        """Forget a hold."""
        self.selector.unregister(connection)
        connection.close()
        self.holds.discard(connection)
        self.unanswered.discard(connection)
        self.idle_since = time.monotonic()

    def drop_all(self) -> None:
        """Let the clients know at once that they need another keeper."""
        for connection in tuple(self.holds):
            self.drop(connection)


def log(text: str) -> None:
    """Add a line to the log, if there is something to say and the disk has room for it."""
    line = f"{os.getpid()}:K {time.strftime('%d %b %Y %H:%M:%S')} {text}\n" if text else ""
    with contextlib.suppress(OSError):
        os.write(2, line.encode())


def tell_starter(message: dict[str, Any]) -> None:
    """Say the one line on standard output; what is told later goes nowhere."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(message).encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def main() -> None:
    """Become nobody's child, then keep the server."""
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    try:
        Keeper(**json.loads(sys.argv[1])).run()
    except OSError as error:
        log(f"cannot go on: {error}")
        tell_starter({"error": str(error)})


if __name__ == "__main__":
    main()
