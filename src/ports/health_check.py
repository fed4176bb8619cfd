"""HealthCheck: one thing that can be well or ill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of a check: `reasons` is empty exactly when all is well; `details` is JSON-safe.

    `is_degraded`: what is wrong keeps this process from nothing; a person is to look, no machine is to act.
    """

    reasons: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    is_degraded: bool = False

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


class HealthCheck(Protocol):
    """One thing that can be well or ill."""

    @property
    def name(self) -> str:
        """A stable word for what is checked, such as `server` or `fetch`."""
        ...

    async def check(self) -> Health:
        """How it is now; never raises, and answers within seconds."""
        ...
