"""Durability: tells of what endangers jobs, and refuses a store that is not durable where that is required."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ..domain.errors import InvalidConfiguration, Problem
from ..ports.job_queue import JobQueue
from ..ports.risk import Risk

FIELD = "jobs.require_durable"
log = structlog.get_logger("hexjobs.server")


class Durability:
    """Tells of the store's risks; where durability is `required`, a grave one is refused."""

    def __init__(self, queue: JobQueue, *, required: bool = False) -> None:
        self._queue = queue
        self._required = required
        self._is_ensured = not required

    async def report(self) -> None:
        """Log each risk, the grave ones as warnings; then as `ensure`, though looked at anew."""
        risks = await self._queue.risks()
        for risk in risks:
            (log.warning if risk.is_grave else log.info)("server_risk", risk=risk.sentence)
        self._refuse(risks)

    @property
    def is_ensured(self) -> bool:
        """Whether `ensure` would return at once."""
        return self._is_ensured

    async def ensure(self) -> None:
        """Return when the store is durable or need not be; the store is asked once, and only where it must be.

        InvalidConfiguration names each grave risk. ServerUnavailable when the server is away.
        """
        if not self._is_ensured:
            self._refuse(await self._queue.risks())

    def _refuse(self, risks: Sequence[Risk]) -> None:
        grave = [risk.sentence for risk in risks if risk.is_grave]
        if self._required and grave:
            raise InvalidConfiguration([Problem(FIELD, f"is true, but {sentence}") for sentence in grave])
        self._is_ensured = True
