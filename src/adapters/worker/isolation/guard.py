"""Guard: the parent of runs' processes. It ends such a process with every descendant, and tells how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import traceback
from collections.abc import Callable
from typing import NoReturn

from .channel import Channel
from .kernel import children_of, die_with_parent, take_orphans_in
from .protocol import Gone, NotStarted, Started, encode
from .signal_wait import SignalWait

ChildMain = Callable[[Channel], NoReturn]


class Guard:
    """Forks the processes of runs, one after the other, and outlives each, in a process of its own.

    The leash is the worker's: while the worker holds its end, a run may go on. When the worker lets go, or is dead, or
    when the run's process has ended, everything that descends from it is killed: its group, and what left the group,
    which the kernel makes children of this process (Linux). It runs no handler itself, so runs have nothing in common.
    """

    def __init__(self, leash: socket.socket, worker_death: int | None) -> None:
        self._leash = leash
        self._worker_death = worker_death
        self._child = 0
        self._ended: tuple[int, float] | None = None

    def serve(self, child_main: ChildMain) -> NoReturn:
        """Be the guard of the runs that the worker gives, until it lets go; returns never."""
        try:
            take_orphans_in()
            with SignalWait() as signals:
                while (channel := self._next(signals)) is not None:
                    self._guard(channel, signals, child_main)
            os._exit(0)
        except BaseException:  # noqa: BLE001  # whoever waits for this process hears of it by its status
            traceback.print_exc()
        os._exit(1)

    def _next(self, signals: SignalWait) -> socket.socket | None:
        """The channel of the next run; None when there is none any more."""
        poll = self._poll(signals)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            signals.clear()
            if self._worker_death in ready:
                return None
            if self._leash.fileno() in ready:
                flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
                _, descriptors, _, _ = socket.recv_fds(self._leash, 1, 1, flags)
                if not descriptors:
                    return None
                channel = socket.socket(fileno=descriptors[0])
                channel.set_inheritable(False)
                return channel

    def _guard(self, channel: socket.socket, signals: SignalWait, child_main: ChildMain) -> None:
        guard, self._ended = os.getpid(), None
        with channel:
            try:
                self._child = os.fork()
            except OSError as error:
                self._tell(encode(NotStarted(f"no process could be made: {error}")))
                return
            if not self._child:
                self._be_the_child(guard, channel, signals, child_main)
        self._tell(encode(Started(self._child)))
        self._watch(signals)
        status, cpu_seconds = self._end_all()
        self._tell(encode(Gone(status, cpu_seconds)))

    def _be_the_child(
        self, guard: int, channel: socket.socket, signals: SignalWait, child_main: ChildMain
    ) -> NoReturn:
        try:
            signals.forget()
            os.setsid()
            self._leash.close()
            if self._worker_death is not None:
                os.close(self._worker_death)
            die_with_parent(guard)
            child_main(Channel(channel))
        finally:
            os._exit(1)

    def _watch(self, signals: SignalWait) -> None:
        """Return when the child has ended, or when the worker wants it to."""
        poll = self._poll(signals)
        while True:
            self._reap(os.WNOHANG)
            if self._ended is not None:
                return
            ready = [descriptor for descriptor, _ in poll.poll()]
            signals.clear()
            if ready != [signals.fileno()]:
                return

    def _poll(self, signals: SignalWait) -> select.poll:
        poll = select.poll()
        for watched in (self._leash.fileno(), signals.fileno(), self._worker_death):
            if watched is not None:
                poll.register(watched, select.POLLIN)
        return poll

    def _end_all(self) -> tuple[int, float]:
        """Return when no descendant is left: the status of the child, and its CPU seconds."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child, signal.SIGKILL)
        while self._reap(os.WNOHANG):
            for pid in children_of(os.getpid()) or [self._child]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            self._reap(0)  # the children of what dies here are ours before we hear of it
        return self._ended or (int(signal.SIGKILL), 0.0)

    def _reap(self, flags: int) -> bool:
        """Bury the dead, with no flags at least one; whether a child is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, flags)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._child:
                self._ended = (status, usage.ru_utime + usage.ru_stime)
            flags = os.WNOHANG

    def _tell(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # the worker is dead, or waits no more
            Channel(self._leash).send(message)
