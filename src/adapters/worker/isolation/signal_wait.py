"""SignalWait: a descriptor that becomes readable when a child ends."""

from __future__ import annotations

import os
import signal
from types import TracebackType
from typing import Any, Self

IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A worker ends its helpers itself, after its jobs; a whole group is often signalled at once."""


class SignalWait:
    """Makes the end of children readable, in a process of one thread. SIGTERM, SIGINT and SIGHUP do nothing meanwhile."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> Self:
        for number in (signal.SIGCHLD, *IGNORED):
            signal.signal(number, _heard)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()

    def fileno(self) -> int:
        """The descriptor, for `poll`."""
        return self._read

    def clear(self) -> None:
        """Wait for what comes from now on."""
        try:
            while os.read(self._read, 512):
                pass
        except BlockingIOError:
            pass

    def forget(self) -> None:
        """Have signals do again what they do in a fresh interpreter; in a fork of the process too."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self._read)
        os.close(self._write)


def _heard(_number: int, _frame: Any) -> None:
    """Nothing: the descriptor tells."""
