"""ChildProcess: one child as its supervisor sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

from ..ports.process_figures import ProcessFigures
from . import CHILD_VARIABLE
from .channel import Channel

DUMP_SECONDS = 1.0
"""What a child that is killed gets for writing its stacks down."""


class ChildProcess:
    """A process that runs `command` with one end of a channel; what it has told so far, and how long it has been quiet.

    It leads a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone. OSError when it cannot be
    started.
    """

    def __init__(self, number: int, command: Sequence[str], listener: int | None, now: float) -> None:
        self.number = number
        self.started = now
        self.pid, self.channel = _spawn(number, command, listener)
        self.is_ready = False
        self.is_leaving = self.is_gone = False
        self.retired: str | None = None
        self.killed: str | None = None
        self.code: int | None = None
        self.quiet = 0.0
        self.kill_at: float | None = None
        self.worker_ids: list[str] = []
        self.takes_over: list[str] = []
        self.health: dict[str, Any] = {}
        self.figures = ProcessFigures()

    @property
    def state(self) -> str:
        """`starting`, `running`, `retiring` or `stopping`."""
        if self.retired is not None:
            return "retiring"
        if self.is_leaving:
            return "stopping"
        return "running" if self.is_ready else "starting"

    @property
    def can_take_over(self) -> bool:
        """Whether it may be asked to give back the jobs of a dead one."""
        return self.is_ready and not self.is_leaving and self.killed is None

    def is_called(self, worker_id: str) -> None:
        """Remember under which id it holds jobs from now on; of the ids before, those that may still matter."""
        self.worker_ids = [*self.worker_ids[-3:], worker_id]

    def ask(self, what: str, kill_at: float) -> None:
        """Ask it to `stop`, to `hurry` or to `retire`; it is killed when it is still there at `kill_at`."""
        self.is_leaving = True
        self.kill_at = kill_at if self.kill_at is None else min(self.kill_at, kill_at)
        self.channel.send({"type": what})
        if not self.is_ready:  # it may not read yet
            self.signal(signal.SIGTERM)

    def kill(self, reason: str, now: float, *, with_stacks: bool) -> None:
        """Kill it: with SIGABRT first, at which it writes the stacks of its threads to standard error."""
        self.killed = reason
        self.signal(signal.SIGABRT if with_stacks else signal.SIGKILL)
        self.kill_at = now + DUMP_SECONDS

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing where it has ended, for its id may be another's by then."""
        if self.is_gone:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _spawn(number: int, command: Sequence[str], listener: int | None) -> tuple[int, Channel]:
    mine, its = socket.socketpair()
    passed = [its.fileno()] if listener is None else [its.fileno(), listener]
    with its:
        try:
            for descriptor in passed:
                os.set_inheritable(descriptor, True)
            words = (number, os.getpid(), its.fileno(), "" if listener is None else listener)
            environment = {**os.environ, CHILD_VARIABLE: ":".join(map(str, words))}
            try:
                pid = os.posix_spawn(command[0], [*command], environment, setsid=True)
            except NotImplementedError:  # then the child does it
                pid = os.posix_spawn(command[0], [*command], environment)
        except BaseException:
            mine.close()
            raise
        finally:
            if listener is not None:
                os.set_inheritable(listener, False)
    return pid, Channel(mine)
