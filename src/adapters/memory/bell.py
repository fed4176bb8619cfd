"""Bell: tells schedulers, in event loops of any thread, that something has changed."""

from __future__ import annotations

from .wake_signal import WakeSignal


class Bell:
    """Each ring ends one wait, that of who waits longest; while nobody waits one ring is kept for the next.

    Every method is called with the store's lock held.
    """

    def __init__(self) -> None:
        self._is_kept = False
        self._waiting: list[WakeSignal] = []

    def ring(self) -> None:
        """End one wait, or keep the ring."""
        while self._waiting:
            if self._waiting.pop(0).signal():
                return
        self._is_kept = True

    def take(self) -> bool:
        """Whether a ring was kept; it is not any more."""
        was_kept, self._is_kept = self._is_kept, False
        return was_kept

    def join(self) -> WakeSignal:
        """Wait from here on, in the running event loop."""
        signal = WakeSignal()
        self._waiting.append(signal)
        return signal

    def leave(self, signal: WakeSignal, *, heard: bool) -> None:
        """Wait no longer. A ring that was meant for this wait and was not `heard` goes to the next."""
        if not signal.is_signalled:
            self._waiting.remove(signal)
        elif not heard:
            self.ring()
