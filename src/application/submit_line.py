"""SubmitLine: the submits that wait to go out together, and who may send them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from ..ports.delivery import EnqueueResult
from ..ports.envelope import Message

MOST_MESSAGES = 1000


class Signal(Protocol):
    """Wakes the one who waits for it."""

    async def wait(self) -> bool:
        """True after a `wake`; False when it is time to look again without one."""
        ...

    def wake(self) -> None:
        """End the wait, also one that has not begun."""
        ...


class WaitingSubmit:
    """One call that waits for its answers: they, or its error, are set by whoever sends its messages."""

    __slots__ = ("answers", "caps", "error", "may_send", "messages", "signal")

    def __init__(self, messages: Sequence[Message], caps: Mapping[str, int], signal: Signal) -> None:
        self.messages = messages
        self.caps = caps
        self.signal = signal
        self.answers: list[EnqueueResult] | None = None
        self.error: Exception | None = None
        self.may_send = False

    @property
    def is_answered(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.answers is not None or self.error is not None


class SubmitLine:
    """The submits of one event loop, or of one process's threads, in the order of their coming.

    Whoever holds `sending` sends. A submit stays in line until it is answered or its caller has gone, so that nothing is
    lost with a sender that was interrupted. Each step is one atomic operation: a lock around them could be left locked by an
    interrupt, `with sending` cannot.
    """

    __slots__ = ("__weakref__", "_waiting", "sender", "sending")

    def __init__(self) -> None:
        self.sending = threading.Lock()
        self.sender: object = None
        self._waiting: dict[WaitingSubmit, None] = {}

    def is_sent_by(self, caller: object) -> bool:
        """Whether this caller is sending at this moment, for itself or for others."""
        return caller is not None and self.sender == caller and self.sending.locked()

    @property
    def length(self) -> int:
        """How many are in line, those included whose messages are on their way."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nobody sends and nobody waits."""
        return not self._waiting and not self.sending.locked()

    def join(self, submit: WaitingSubmit) -> None:
        """Wait at the end of the line; at its front, where nobody is left to tell that the way is free."""
        self._waiting[submit] = None
        self.wake_next()

    def leave(self, submit: WaitingSubmit) -> None:
        """Wait no longer."""
        self._waiting.pop(submit, None)

    def front(self) -> list[WaitingSubmit]:
        """Those who go out next: MOST_MESSAGES messages, or one submit that has more."""
        group: list[WaitingSubmit] = []
        room = MOST_MESSAGES
        for submit in list(self._waiting)[:MOST_MESSAGES]:
            room -= len(submit.messages)
            if group and room < 0:
                break
            if not submit.is_answered:
                group.append(submit)
        return group

    def wake_next(self) -> None:
        """Tell the first who waits that it may send, unless somebody does."""
        if self._waiting and not self.sending.locked():
            for submit in list(self._waiting)[:1]:
                submit.may_send = True
                submit.signal.wake()
