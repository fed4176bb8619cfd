"""Sabotage: a handler module that breaks one guard of the worker it is loaded into, as the environment names it.

For negative controls alone: the checker must see what each of these does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from faults.harness.journal import own_journal
from hexjobs import JobContext, job_handler
from hexjobs.adapters.redis import job_queue, scripts
from hexjobs.adapters.worker.slot_pool import SlotPool
from hexjobs.application.run import StopReason
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement

VARIABLE = "HEXJOBS_FAULTS_SABOTAGE"
FENCE_CHECK = "known[1] == 'processing' and known[2] == fence"
WITHOUT_FENCE = "known[1] == 'processing'"
SECONDS_BETWEEN = 60.0


@job_handler("sabotage")
async def sabotage(context: JobContext, payload: dict[str, Any]) -> None:
    """A handler module declares a handler."""


def ignore_lost_leases() -> None:
    """The worker does not stop the runs whose lease it has lost; the store's fence is all that is left."""
    stop_runs = SlotPool.stop_runs

    def stop_others(self: SlotPool, reason: StopReason, *arguments: Any, **named: Any) -> int:
        return 0 if reason is StopReason.LEASE_LOST else stop_runs(self, reason, *arguments, **named)

    SlotPool.stop_runs = stop_others  # type: ignore[method-assign]  # that is the sabotage


def drop_the_fence() -> None:
    """As above, and the store does not compare the fence."""
    ignore_lost_leases()
    read = scripts._read

    def without_fence(path: str) -> str:
        text = read(path)
        if path != "include/holding.lua":
            return text
        assert text.count(FENCE_CHECK) == 1, "the script compares the fence in other words by now"
        return text.replace(FENCE_CHECK, WITHOUT_FENCE)

    scripts._read = without_fence


def pop_then_record() -> None:
    """A job is popped by one command and recorded by the next one, with time between them."""
    fetch = job_queue.RedisJobQueue._fetch

    async def split(self: Any, subscription: Any, limit: int, idle: str, *others: Any) -> Any:
        popped = await self._transport.execute("RPOP", f"{self._keys.prefix}:queue:default:normal")
        if popped is not None:
            own_journal().write("popped", job=popped.decode())
            await asyncio.sleep(SECONDS_BETWEEN)
            await self._transport.execute("RPUSH", f"{self._keys.prefix}:queue:default:normal", popped)
        return await fetch(self, subscription, limit, idle, *others)

    job_queue.RedisJobQueue._fetch = split  # type: ignore[method-assign]  # that is the sabotage


def settle_before_run() -> None:
    """The job is acknowledged when it is taken, and runs afterwards, as where an ack comes early."""
    run = SlotPool._run

    async def early(self: SlotPool, slot: Any, delivery: Any, now: int) -> Any:
        await self._settler._queue.settle([Settlement(delivery, JobEvent.SUCCEEDED)])
        return await run(self, slot, delivery, now)

    SlotPool._run = early  # type: ignore[method-assign]  # that is the sabotage


KINDS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (ignore_lost_leases, drop_the_fence, pop_then_record, settle_before_run)
}
if os.environ.get(VARIABLE):
    KINDS[os.environ[VARIABLE]]()
