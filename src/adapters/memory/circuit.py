"""Circuit: what the memory knows of one circuit."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ports.circuits import CircuitState


@dataclass(slots=True)
class Circuit:
    """One circuit. Instants are milliseconds since 1970.

    `failures` are the recent ones while it is closed. `ends` is when its time open is over, or when its probe counts as
    dead. `openings` counts how often it has opened since it was closed.
    """

    state: CircuitState = CircuitState.CLOSED
    failures: list[int] = field(default_factory=list)
    ends: int = 0
    openings: int = 0
    probe: str | None = None

    def open(self, until: int) -> None:
        """Let none through until then."""
        self.state, self.ends, self.probe = CircuitState.OPEN, until, None
        self.failures.clear()

    def half_open(self, probe: str, until: int) -> None:
        """Let this probe through alone, which is dead when it says nothing until then."""
        self.state, self.ends, self.probe = CircuitState.HALF_OPEN, until, probe
