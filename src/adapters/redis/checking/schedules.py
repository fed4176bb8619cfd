"""ScheduleStage: schedules, their places, and what is kept of each."""

from __future__ import annotations

from collections.abc import Iterable

from ....domain.errors import InvalidJob
from ....ports.worker import Scheduler
from ..schedule_replies import schedule_entry
from .inspection import Inspection
from .pages import PAGE


class ScheduleStage:
    """Checks all schedules.

    One in no place is due at the first instant that nothing is known of; a state that is lost is made anew from the
    ledger. `kept` are the names of which the keyspace has a state, a ledger or fires.
    """

    def __init__(self, inspection: Inspection, scheduler: Scheduler, kept: Iterable[str]) -> None:
        self._inspection = inspection
        self._scheduler = scheduler
        self._kept = set(kept)

    async def run(self) -> None:
        """Check all schedules."""
        inspection = self._inspection
        root = inspection.keys.schedules
        found = set(self._kept)
        for command in (
            ("HKEYS", root),
            ("HKEYS", f"{root}:queued"),
            *(("ZRANGE", f"{root}:{place}", 0, -1) for place in ("due", "paused", "ended")),
        ):
            found |= {name.decode() for name in await inspection.execute(*command)}
        names = sorted(found)
        for first in range(0, len(names), PAGE):
            number, stateless, placeless = await inspection.run(
                "check_schedules", *names[first : first + PAGE]
            )
            inspection.findings.looked_at["schedules"] += number
            for name in stateless:
                await self._restore(name.decode())
            for name in placeless:
                await self._place(name.decode())

    async def _restore(self, name: str) -> None:
        inspection = self._inspection
        if inspection.repair:
            rows = await inspection.act("schedule_read", name)
            entries = [schedule_entry(row) for row in rows]
            if not entries or not await inspection.act(
                "schedule_restore", name, entries[0].rhythm, entries[0].source
            ):
                return
        inspection.findings.add("schedule_state_lost", "", f"{inspection.keys.schedules}:state:{name}", name)

    async def _place(self, name: str) -> None:
        inspection = self._inspection
        if inspection.repair:
            reply = await inspection.act("schedule_since", name)
            if not reply or not await inspection.act("schedule_place", name, self._due(*reply)):
                return
        inspection.findings.add("schedule_without_due", "", f"{inspection.keys.schedules}:due", name)

    def _due(self, row: list[bytes], since: int) -> int | str:
        """One whose definition cannot be read is due at once: a scheduler pauses it then, and says so."""
        try:
            due = self._scheduler.next_due(schedule_entry(row), since)
        except InvalidJob:
            return since
        return "" if due is None else due
