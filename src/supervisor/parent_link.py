"""ParentLink: the child's end of its channel to the supervisor."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Self

from . import CHILD_VARIABLE
from .channel import Channel, Message

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_SECONDS = 0.5
FIRST_MESSAGE_SECONDS = 30.0


class ParentLink:
    """What a child and its supervisor tell each other. The supervisor's end closes when it dies, however it dies.

    `first` is true for the very first child of all; `listener` is the socket that its predecessor served HTTP on.
    `welcome` is the supervisor's first message. `grace` is for how long, in seconds, the process may go on without its
    supervisor before it kills itself.
    """

    def __init__(self, number: int, channel: Channel, listener: socket.socket | None) -> None:
        self.number = number
        self.listener = listener
        self.grace = 60.0
        self._channel = channel
        self._pid = os.getpid()
        self._early: list[Message] = []
        self.welcome = self._first_message()

    @classmethod
    def from_environment(cls) -> Self:
        """The link of this process, which a supervisor started; it then leads its own session and dies with stacks.

        KeyError without the variable that says so. Takes the variable away, so that nothing which is started by this process believes to be a child.
        """
        number, parent, channel, listener = os.environ.pop(CHILD_VARIABLE).split(":")
        with contextlib.suppress(OSError):  # done already where the platform's spawn can
            os.setsid()
        _end_with(int(parent))
        with contextlib.suppress(OSError, ValueError, AttributeError):  # standard error may be no file
            faulthandler.enable()
        for descriptor in filter(None, (channel, listener)):
            os.set_inheritable(int(descriptor), False)
        listening = socket.socket(fileno=int(listener)) if listener else None
        return cls(int(number), Channel(socket.socket(fileno=int(channel))), listening)

    @property
    def first(self) -> bool:
        """Whether this is the first child that the supervisor ever started."""
        return bool(self.welcome.get("first"))

    @property
    def descriptor(self) -> int:
        """The file descriptor of the channel."""
        return self._channel.fileno()

    def send(self, kind: str, *, descriptor: int | None = None, **fields: object) -> bool:
        """Tell the supervisor; whether it is certain to hear it. A fork of this process is not heard."""
        if os.getpid() != self._pid:
            return False
        descriptors = () if descriptor is None else (descriptor,)
        return self._channel.send({"type": kind, **fields}, descriptors=descriptors)

    def listen(self, on_message: Callable[[Message], None], on_gone: Callable[[], None]) -> None:
        """Hear the supervisor from now on: both functions are called in a thread of the link's own."""
        work = threading.Thread(
            target=self._listen, args=(on_message, on_gone), name="hexjobs-parent-link", daemon=True
        )
        work.start()

    def _first_message(self) -> Message:
        select.select([self._channel], [], [], FIRST_MESSAGE_SECONDS)
        messages = self._channel.receive()
        self._early = messages[1:]
        return messages[0] if messages else {}

    def _listen(self, on_message: Callable[[Message], None], on_gone: Callable[[], None]) -> None:
        channel, messages = self._channel, self._early
        while True:
            for message in messages:
                on_message(message)
            if not channel.is_open:
                break
            select.select([channel], [channel] if channel.is_behind else [], [], LOOK_SECONDS)
            channel.flush()
            messages = channel.receive()
        on_gone()
        time.sleep(self.grace)
        os.kill(os.getpid(), signal.SIGKILL)


def _end_with(parent: int) -> None:
    """Have the kernel ask this process to stop when the supervisor dies, where the kernel can."""
    with contextlib.suppress(Exception):  # another kernel than Linux, or an interpreter without ctypes
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(128 + signal.SIGTERM)
