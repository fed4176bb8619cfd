"""IsolatedRun: the worker's end of one run in a process of its own."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time

import msgspec
import structlog

from ....application.job_context import BlockingJobContext
from ....domain.outcome import Outcome
from .answers import answer
from .channel import Channel
from .leash import Leash
from .outcomes import of_ended
from .protocol import Ended, Gone, NotStarted, Started, decode_from_child

KILL_SECONDS = 0.8  # less than what a stopped run is given before it counts as a zombie
log = structlog.get_logger("hexjobs.worker")


class IsolatedRun:
    """Serves one process until it and its descendants are gone: `serve` in a thread, `kill` from any other.

    Afterwards `outcome` is what the process told (None: it told nothing), `gone` how it ended (None: nobody knows), and
    `never_began` why there was none.
    """

    def __init__(self, context: BlockingJobContext, leash: Leash) -> None:
        self._context = context
        self._leash = leash
        self._lock = threading.Lock()
        self._is_closed = False
        self._here, self._there = socket.socketpair()
        self._channel = Channel(self._here)
        self.is_killed = False
        self.has_begun = False
        self.outcome: Outcome | None = None
        self.gone: Gone | None = None
        self.never_began = ""

    def kill(self) -> None:
        """End the process and its descendants; nothing where they have ended. Returns at once."""
        with self._lock:
            if not self._is_closed:
                self.is_killed = True
                self._leash.let_go()
                with contextlib.suppress(OSError):
                    self._channel.shutdown(socket.SHUT_RDWR)  # `serve` may be waiting for it

    def serve(self, order: bytes) -> None:
        """Begin, send the order, answer what is asked, and return when nothing of the run is left, or gets killed."""
        try:
            self._leash.give(self._there)
        except OSError:
            return  # the guard died while it was idle
        self._there.close()
        with contextlib.suppress(OSError):  # it died at once: the guard tells
            self._channel.send(order)
        poll = select.poll()
        poll.register(self._leash, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        ends: float | None = None
        while True:
            if self.is_killed and ends is None:
                ends = time.monotonic() + KILL_SECONDS
            wait = None if ends is None else max(0.0, ends - time.monotonic()) * 1000
            ready = {descriptor for descriptor, _ in poll.poll(wait)}
            if not ready:
                return
            if self._channel.fileno() in ready:  # what the child said before its end goes first
                if not self._hear_child():
                    poll.unregister(self._channel)
            elif not self._hear_guard():
                return

    def close(self) -> bool:
        """Let nothing happen any more; whether the guard is free for another run."""
        with self._lock:
            self._is_closed = True
            self._here.close()
            self._there.close()
            return self.gone is not None and not self.is_killed

    def _hear_child(self) -> bool:
        """Do what the process says; whether it may say more."""
        try:
            said = self._channel.receive()
            if said is None or self.is_killed:
                return False
            message = decode_from_child(said)
            if isinstance(message, Ended):
                self.outcome = of_ended(message)
                return True
            reply = answer(self._context, message)
            if reply is not None:
                self._channel.send(reply)
        except OSError:
            return False
        except (ValueError, msgspec.MsgspecError) as error:
            log.exception("isolated_run_unreadable", job_id=self._context.job_id, error=str(error))
            self.kill()
            return False
        return True

    def _hear_guard(self) -> bool:
        """Note what the guard says; whether it says more."""
        match self._leash.hear():
            case Started():
                self.has_begun = True
                return True
            case NotStarted(error):
                self.never_began = error
            case Gone() as gone:
                self.gone = gone
        return False
