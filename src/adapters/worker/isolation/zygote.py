"""Zygote: the worker's end of its helper process."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
from collections.abc import Sequence

from .channel import Channel

HAND_OVER_SECONDS = 5.0
END_SECONDS = 2.0


class Zygote:
    """A helper process that was started with `command` and a descriptor of its own; leashes are handed over to it.

    What it needs to know, `setup`, is the first message that it gets. Until it has imported everything, what is handed
    over waits.
    """

    def __init__(self, command: Sequence[str], setup: bytes) -> None:
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                    [*command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # what a terminal signals to its group ends the worker, and that ends this
                )
            self._control.settimeout(HAND_OVER_SECONDS)
            self._line = Channel(self._control)
        except BaseException:
            self._control.close()
            raise
        with contextlib.suppress(OSError):  # it has ended already, and `end` tells why
            self._line.send(setup)

    @property
    def pid(self) -> int:
        """Of the helper process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs and listens; it says something only when it ends."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        return not poll.poll(0) and self._process.poll() is None

    def hand_over(self, leash: socket.socket) -> None:
        """Have a guard made that owns this socket. OSError where the helper is gone, or hangs."""
        socket.send_fds(self._control, [b"g"], [leash.fileno()])

    def end(self) -> str:
        """Let it go and wait for its end, and kill it where that takes long; why it ended, for people. Called once."""
        self._control.settimeout(0)
        said = None
        with contextlib.suppress(OSError, ValueError):
            said = self._line.receive()
        self._control.close()
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return said.decode(errors="replace") if said else _described(status)


def _described(status: int) -> str:
    return f"it was killed by signal {-status}" if status < 0 else f"it exited with status {status}"
