"""RedisStoreCheck: StoreCheck on Redis or Valkey."""

from __future__ import annotations

from datetime import timedelta

from ...ports.store_check import Pause, StoreReport
from ...ports.worker import Scheduler
from .checking.delayed import DelayedStage
from .checking.inspection import Inspection
from .checking.keyspace import KeyspaceStage
from .checking.lists import ListStage
from .checking.missing import MissingStage
from .checking.pages import PAGE
from .checking.schedules import ScheduleStage
from .checking.workers import WorkerStage
from .keys import Keys
from .layout import refuse_other_layout
from .replies import milliseconds
from .scripts import script
from .transport import Argument, Transport


class RedisStoreCheck:
    """StoreCheck on Redis or Valkey, one partition.

    Reads the store in small parts, and looks at each finding again in the script that repairs it. Keeps eight bytes for
    each waiting and each ended job, and about 600 for each that is missing in its list.
    """

    def __init__(self, transport: Transport, keys: Keys, scheduler: Scheduler) -> None:
        self._transport = transport
        self._keys = keys
        self._scheduler = scheduler

    async def check(self, *, repair: bool = False, pause: Pause | None = None) -> StoreReport:
        """See `StoreCheck.check`. InvalidConfiguration where a newer release wrote the keys."""
        await refuse_other_layout(self._transport, self._keys, note=repair)
        inspection = Inspection(self._transport, self._keys, repair=repair, pause=pause)
        lists = ListStage(inspection)
        keyspace = KeyspaceStage(inspection, lists)
        await lists.run()
        await keyspace.run()
        for queue in sorted(keyspace.dead):
            cursor = b"0"
            while True:
                cursor, looked_at = await inspection.run("check_failed", queue, cursor, PAGE)
                inspection.findings.looked_at["failed"] += looked_at
                if int(cursor) == 0:
                    break
        await WorkerStage(inspection, keyspace.workers).run()
        await MissingStage(inspection, lists, keyspace).run()
        if keyspace.has_delayed:
            await DelayedStage(inspection).run()
        queues = sorted(lists.queues)
        for first in range(0, max(1, len(queues)), PAGE):
            await inspection.run("check_ready", keyspace.highest_fence, *queues[first : first + PAGE])
        if keyspace.has_schedules:
            await ScheduleStage(inspection, self._scheduler, keyspace.schedules).run()
        inspection.findings.looked_at["queues"] = len(queues)
        return inspection.findings.report()

    async def claim(self, who: str, life: timedelta) -> str | None:
        """See `StoreCheck.claim`."""
        arguments: list[Argument] = [self._keys.prefix, who, max(1, milliseconds(life))]
        word = await self._transport.run(script("reconciler"), arguments, repeatable=True)
        return word.decode() or None
