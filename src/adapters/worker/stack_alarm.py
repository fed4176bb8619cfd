"""StackAlarm: writes down where code is that lets nobody else write."""

from __future__ import annotations

import faulthandler
import os
import signal
import tempfile
from functools import cache
from typing import IO

HEAD = "Stack (most recent call first):"
"""What `faulthandler` writes above each stack."""
MOST_BYTES = 6_000
LARGEST_FILE = 1_000_000


class StackAlarm:
    """Notes the stack of the thread that is on the processor, each time when this process has used so many seconds of it.

    It goes off without the interpreter lock, in a signal handler (SIGPROF), and so reads the frames of the thread that it
    interrupts, of no other: those cannot go away meanwhile. It goes by processor time: a process that stands still sets off
    nothing. All alarms of a process are one. It does nothing where somebody else handles the signal.
    """

    def set(self, seconds: float) -> None:
        """Let it go off every so many seconds of processor time from now on."""
        if _stacks() is not None:
            signal.setitimer(signal.ITIMER_PROF, seconds, seconds)

    def clear(self) -> None:
        """Let it go off no more."""
        self.set(0)

    def place(self) -> int:
        """Where the next stack will be noted. What is there by now is thrown away when it has become long."""
        stacks = _stacks()
        if stacks is None:
            return 0
        size = os.fstat(stacks.fileno()).st_size
        if size <= LARGEST_FILE:
            return size
        os.ftruncate(stacks.fileno(), 0)
        return 0

    def noted_from(self, place: int) -> str:
        """The latest stacks that were noted from a place on, the innermost frame of each first; '' for none."""
        stacks = _stacks()
        if stacks is None:
            return ""
        size = os.fstat(stacks.fileno()).st_size
        text = os.pread(stacks.fileno(), MOST_BYTES, max(place, size - MOST_BYTES)).decode("utf-8", "replace")
        return text[text.find(HEAD) :]


@cache
def _stacks() -> IO[bytes] | None:
    """The file of this process, kept to its end: a signal without its handler would end the process."""
    if signal.getsignal(signal.SIGPROF) is not signal.SIG_DFL:
        return None
    stacks = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115  # as long as the process
    faulthandler.register(signal.SIGPROF, file=stacks, all_threads=False)
    return stacks
