"""Signals: those that the supervisor obeys, as a list to be read when it is convenient."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType
from typing import Any, Self

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """While entered, requests to stop are counted and the end of a child wakes whoever waits for `fileno`.

    A SIGHUP that this process was told to ignore, as by nohup, stays ignored.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._wakes, self._wake = socket.socketpair()
        self._wakes.setblocking(False)
        self._wake.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (*STOP, signal.SIGCHLD):
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._wakes.close()
        self._wake.close()

    def fileno(self) -> int:
        """Readable when a signal came."""
        return self._wakes.fileno()

    def drain(self) -> None:
        """Make it unreadable until the next signal."""
        with contextlib.suppress(BlockingIOError):
            while self._wakes.recv(64):
                pass

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.stops += number in STOP
