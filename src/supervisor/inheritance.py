"""Inheritance: who gives back the jobs of the dead."""

from __future__ import annotations

from collections.abc import Iterable

from .child_process import ChildProcess


class Inheritance:
    """The ids of dead workers, each given to one living child until it says that their jobs are given back."""

    def __init__(self) -> None:
        self._unclaimed: list[str] = []

    def leave(self, dead: ChildProcess) -> None:
        """Take over from a child that died: its own workers, and those that it was still to take over."""
        self._unclaimed += [worker_id for worker_id in dead.takes_over + dead.worker_ids if worker_id]

    def hand_over(self, children: Iterable[ChildProcess]) -> None:
        """Give what is unclaimed to a child that can do it, if there is one."""
        heir = next((child for child in children if child.can_take_over), None)
        if heir is not None and self._unclaimed:
            heir.takes_over += self._unclaimed
            heir.channel.send({"type": "take_over", "worker_ids": self._unclaimed})
            self._unclaimed = []
