"""SchedulesCheck: whether due schedules fire."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from ..domain.errors import ServerUnavailable
from ..ports.health_check import Health
from ..ports.schedule_store import ScheduleStore

WITHIN = timedelta(seconds=2)
OVERDUE = timedelta(minutes=1)
MOST_NAMED = 10
_MILLISECOND = timedelta(milliseconds=1)


class SchedulesCheck:
    """Degraded when a schedule was due more than a minute ago, by the store's clock, and has not fired: no scheduler does it.

    Never for liveness: to start a process anew helps only where none runs. Details: how late each is, in seconds.
    """

    name = "schedules"

    def __init__(self, store: ScheduleStore, within: timedelta = WITHIN) -> None:
        self._store = store
        self._within = within

    async def check(self) -> Health:
        """How they are now."""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                now, entries = await self._store.now(), await self._store.list()
        except (ServerUnavailable, TimeoutError) as error:
            return Health(("the server does not answer",), {"error": str(error) or "no answer in time"})
        overdue = {
            entry.name: (now - entry.next_due) // 1000
            for entry in entries
            if entry.next_due is not None
            and not entry.paused
            and (now - entry.next_due) * _MILLISECOND > OVERDUE
        }
        details = {"schedules": len(entries), "overdue_seconds": overdue}
        if not overdue:
            return Health(details=details)
        named = ", ".join(list(overdue)[:MOST_NAMED])
        more = f" and {len(overdue) - MOST_NAMED} more" if len(overdue) > MOST_NAMED else ""
        reason = f"due more than a minute ago and not fired: {named}{more}"
        return Health((reason,), details, is_degraded=True)
