"""Leash: the worker's hold on one guard."""

from __future__ import annotations

import contextlib
import select
import socket

from .channel import Channel
from .protocol import FromGuard, decode_from_guard


class Leash:
    """Gives a guard runs, one after the other, and hears from it. Let go, the guard ends with everything it guards.

    `there` is the end that the guard gets.
    """

    def __init__(self) -> None:
        self._end, self.there = socket.socketpair()
        self._line = Channel(self._end)

    def fileno(self) -> int:
        """The descriptor, for `poll`."""
        return self._end.fileno()

    @property
    def is_held(self) -> bool:
        """Whether the guard is still there, as far as is known: it has nothing to say while it is idle."""
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        return not poll.poll(0)

    def give(self, channel: socket.socket) -> None:
        """Have a run begin whose process owns this socket; OSError where the guard is gone."""
        socket.send_fds(self._end, [b"r"], [channel.fileno()])

    def hear(self) -> FromGuard | None:
        """What the guard says next; None where it is gone."""
        said = self._line.receive()
        return None if said is None else decode_from_guard(said)

    def let_go(self) -> None:
        """End what the guard guards, and the guard; what it says about that is still heard. From any thread."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let go, and hear nothing more."""
        self.there.close()
        self._end.close()
