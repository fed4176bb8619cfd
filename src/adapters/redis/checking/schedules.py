"""ScheduleStage: schedules and their due instants."""

from __future__ import annotations

import msgspec

from ....domain.errors import InvalidJob
from ....ports.schedule_store import ScheduleEntry
from ....ports.worker import Scheduler
from .inspection import Inspection

_decode = msgspec.json.Decoder(ScheduleEntry).decode


class ScheduleStage:
    """Gives schedules without a due instant the one that follows their last fire.

    One that runs cannot be told from a paused one then: it was among the paused where others still run.
    """

    def __init__(self, inspection: Inspection, scheduler: Scheduler) -> None:
        self._inspection = inspection
        self._scheduler = scheduler

    async def run(self) -> None:
        """Check all schedules."""
        number, others_run, *rows = await self._inspection.run("check_schedules")
        self._inspection.findings.looked_at["schedules"] = number
        for text, fired in zip(rows[::2], rows[1::2], strict=True):
            entry = _decode(text)
            where = f"{self._inspection.keys.schedules}:{'paused' if others_run else 'due'}"
            if self._inspection.repair:
                due = self._due(entry, int(fired) if fired else None)
                is_paused = int(bool(others_run) or entry.paused)
                if not await self._inspection.act("schedule_place", entry.name, due, is_paused):
                    continue
            self._inspection.findings.add("schedule_without_due", "", where, entry.name)

    def _due(self, entry: ScheduleEntry, fired: int | None) -> int:
        if fired is None or fired < entry.next_due:
            return entry.next_due
        try:
            return self._scheduler.next_instant(entry.cron, entry.timezone, fired)
        except InvalidJob:
            return entry.next_due
