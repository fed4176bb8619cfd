"""Waiters: the dequeues that wait for a job, in event loops of any thread."""

from __future__ import annotations

from collections.abc import Collection

from .wake_signal import WakeSignal


class Waiter(WakeSignal):
    """One waiting dequeue."""

    def __init__(self, worker_id: str, queues: Collection[str]) -> None:
        super().__init__()
        self.worker_id = worker_id
        self.queues = queues
        self.is_woken = False
        """Whether the dequeue should end, whatever else came."""


class Waiters:
    """The waiting dequeues of one store; every method is called with the store's lock held."""

    def __init__(self) -> None:
        self._waiting: set[Waiter] = set()

    def add(self, worker_id: str, queues: Collection[str]) -> Waiter:
        """Register a dequeue of the running event loop."""
        waiter = Waiter(worker_id, queues)
        self._waiting.add(waiter)
        return waiter

    def discard(self, waiter: Waiter) -> None:
        """Forget a dequeue that has ended."""
        self._waiting.discard(waiter)

    def notify(self, queue: str) -> None:
        """Let those who wait for this queue look again."""
        for waiter in self._waiting:
            if queue in waiter.queues:
                waiter.signal()

    def wake(self, worker_id: str) -> None:
        """End the dequeues of this worker."""
        for waiter in self._waiting:
            if waiter.worker_id == worker_id:
                waiter.is_woken = True
                waiter.signal()
