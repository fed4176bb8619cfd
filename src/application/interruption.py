"""Interruption: lets another thread interrupt the Python code of one call in a thread, once, and nothing after it.

Built on PyThreadState_SetAsyncExc (https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc): the exception
is raised between two steps of Python code, so not inside a call of C code (a sleep, a socket, a regular expression)
until that returns, and at some time after it was sent, not at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupted(BaseException):
    """This run was stopped: its timeout or deadline passed, its worker stops, or its lease was lost."""


class Interruption:
    """The right to interrupt one call. Whoever takes it has it alone: the interrupter, or the thread itself.

    The thread has it while it must not be interrupted: before `begin`, after `end`, and between `hold` and `release`. To
    take it is one atomic step without a lock: a lock could be left locked by the very exception that this is about.
    """

    __slots__ = ("_held", "_right", "_sent", "_thread", "_wanted")

    def __init__(self) -> None:
        self._right: list[None] = []
        self._held = False
        self._wanted = False
        self._thread = 0
        self._sent: threading.Event | None = None

    def interrupt(self) -> bool:
        """Raise Interrupted in the call's thread, now or as soon as that is allowed; once, by one thread.

        False where this interpreter cannot, and where the call has ended, has not begun, or is held.
        """
        if self._wanted or not _can_send():
            return False
        self._sent = threading.Event()
        self._wanted = True
        if not self._take():
            return False
        try:
            return _send(self._thread, Interrupted)
        finally:
            self._sent.set()

    def begin(self) -> None:
        """The call begins in this thread; Interrupted where that was asked for already."""
        self._thread = threading.get_ident()
        _here.interruption = self
        self._allow()

    def end(self) -> bool:
        """The call has ended; whether this thread can do something else now, for no interrupt will reach it any more.

        Where not, `wait_out` before anything else.
        """
        _here.interruption = None
        return self._take()

    def hold(self) -> bool:
        """Let nobody interrupt until `release`; False where that is so already. Interrupted where it was sent before."""
        if self._held:
            return False
        if not self._take():
            self.wait_out()
            raise Interrupted
        self._held = True
        return True

    def release(self) -> None:
        """End a `hold` that answered True; Interrupted where that was asked for meanwhile."""
        self._held = False
        self._allow()

    def wait_out(self) -> None:
        """Return when an interrupt that somebody took the right to has come, or was called back."""
        try:
            if self._sent is not None:
                self._sent.wait()
                _send(threading.get_ident(), None)
        except Interrupted:
            pass  # there is only this one

    def _allow(self) -> None:
        self._right.append(None)
        if self._wanted and self._take():
            assert self._sent is not None
            self._sent.set()
            raise Interrupted

    def _take(self) -> bool:
        try:
            self._right.pop()
        except IndexError:
            return False
        return True


class _Here(threading.local):
    interruption: Interruption | None = None


_here = _Here()


def current_interruption() -> Interruption | None:
    """That of the call which runs in this thread, or None."""
    return _here.interruption


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A block that no timeout interrupts: it is raised at the end of the block. Without effect outside of a thread's run."""
    interruption = _here.interruption
    is_held = interruption is not None and interruption.hold()
    try:
        yield
    finally:
        if is_held and interruption is not None:
            interruption.release()


def _can_send() -> bool:
    try:
        import ctypes
    except ImportError:  # an interpreter built without libffi
        return False
    return hasattr(ctypes, "pythonapi") and hasattr(ctypes.pythonapi, "PyThreadState_SetAsyncExc")


def _send(thread: int, exception: type[BaseException] | None) -> bool:
    import ctypes

    value = None if exception is None else ctypes.py_object(exception)
    threads: int = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)
    return threads == 1
