"""Lease: one worker's heartbeat as the memory keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from ...ports.leases import WorkerFacts


@dataclass(slots=True)
class Lease:
    """A worker's count of beats, when the latest was, and what it told about itself."""

    count: int = 0
    seen: int = 0
    facts: WorkerFacts | None = None

    def beat(self, now: int) -> None:
        """Count one more."""
        self.count, self.seen = self.count + 1, now

    @property
    def text(self) -> str:
        """The beat as the port gives it."""
        return f"{self.count}:{self.seen}"
