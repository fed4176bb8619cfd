"""ForkServer: the helper process of one worker, from which guards are forked, and from those the processes of runs."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time

from .channel import Channel
from .guard import ChildMain, Guard
from .kernel import children_of, process_descriptor, take_orphans_in
from .protocol import NotStarted, encode
from .signal_wait import SignalWait

LAST_WAIT_SECONDS = 1.5


class ForkServer:
    """Forks a guard for each leash that the worker hands over.

    It has one thread, has imported everything that handlers need, and has opened no connection: its forks are ready to
    run any handler. It ends when the worker does, after its guards, which hear of that themselves.
    """

    def __init__(self, control: socket.socket, child_main: ChildMain) -> None:
        self._control = control
        self._child_main = child_main
        self._guards: set[int] = set()
        self._others: set[int] = set()
        self._worker_death = process_descriptor(os.getppid())

    def serve(self) -> None:
        """Return when the worker is gone."""
        take_orphans_in()
        self._others = set(children_of(os.getpid()))  # started by an import, and none of our business
        with SignalWait() as signals:
            self._serve(signals)
            ends = time.monotonic() + LAST_WAIT_SECONDS
            poll = select.poll()
            poll.register(signals, select.POLLIN)
            self._reap()
            while self._guards and poll.poll(max(0.0, ends - time.monotonic()) * 1000):
                signals.clear()
                self._reap()

    def _serve(self, signals: SignalWait) -> None:
        poll = select.poll()
        for watched in (self._control.fileno(), signals.fileno(), self._worker_death):
            if watched is not None:
                poll.register(watched, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if signals.fileno() in ready:
                signals.clear()
                self._reap()
            if self._worker_death in ready:
                return
            if self._control.fileno() in ready and not self._make_guard(signals):
                return

    def _make_guard(self, signals: SignalWait) -> bool:
        """Fork the guard of the leash that comes next; False when none comes any more."""
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1, flags)
        if not descriptors:
            return False
        with socket.socket(fileno=descriptors[0]) as leash:
            leash.set_inheritable(False)
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()  # or each child would write the same again
            try:
                pid = os.fork()
            except OSError as error:
                with contextlib.suppress(OSError):
                    Channel(leash).send(encode(NotStarted(f"no process could be made: {error}")))
                return True
            if not pid:
                signals.forget()
                self._control.close()
                Guard(leash, self._worker_death).serve(self._child_main)
        self._guards.add(pid)
        return True

    def _reap(self) -> None:
        """Bury the dead. Where a guard was killed, what it guarded comes here: end that."""
        orphaned = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            orphaned |= status != 0 or pid not in self._guards
            self._guards.discard(pid)
        if orphaned:
            for pid in set(children_of(os.getpid())) - self._guards - self._others:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
