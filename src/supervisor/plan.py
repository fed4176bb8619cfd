"""Plan: what the first child, which reads the settings, tells the supervisor to do."""

from __future__ import annotations

from typing import Any, NamedTuple


class Plan(NamedTuple):
    """How many children there are and how long things may take, in seconds.

    `burst`: children leave by themselves when no job is left. `log_level` is the number of `logging`; `console`: lines
    are for people, else JSON.
    """

    processes: int = 1
    stuck_after: float = 60.0
    shutdown_timeout: float = 25.0
    burst: bool = False
    log_level: int = 20
    console: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form."""
        return self._asdict()
