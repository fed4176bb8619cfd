"""Sabotage: a handler module that breaks one guard of the worker it is loaded into, as the environment names it.

For negative controls alone: the checker must see what each of these does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.harness.journal import FOLDER_VARIABLE, own_journal
from hexjobs import JobContext, job_handler
from hexjobs.adapters.redis import job_queue, schedule_store, scripts
from hexjobs.adapters.worker.slot_pool import SlotPool
from hexjobs.application.run import StopReason
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement

VARIABLE = "HEXJOBS_FAULTS_SABOTAGE"
FENCE_CHECK = (
    "include/holding.lua",
    "known.status == 'processing' and known.fence == fence",
    "known.status == 'processing'",
)
CLAIM_CHECK = (
    "include/claiming.lua",
    "local function claim_instant(name, due, instant, following, now)\n",
    "local function claim_instant(name, due, instant, following, now)\n  do place(name, following, '') return true end\n",
)
ID_CHECK = (
    "include/firing.lua",
    "  accept(ids, texts, kinds, answers)\n",
    "  answers[1] = 0\n  accept(ids, texts, kinds, answers)\n",
)
SECONDS_BETWEEN = 60.0
GATE = "fire"
"""The file beside the journals for which schedulers wait between look and fire."""


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
    replace_in_scripts(FENCE_CHECK)


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


def hold_fires() -> None:
    """A scheduler sleeps between its look and its first fire until the gate is open. No guard is broken by that."""
    fire = schedule_store.RedisScheduleStore.fire

    async def late(self: Any, claim: Any, *others: Any) -> Any:
        gate = Path(os.environ[FOLDER_VARIABLE]) / GATE
        if gate.exists():
            return await fire(self, claim, *others)
        own_journal().write("holding", instant=claim.instant)
        while not gate.exists():  # noqa: ASYNC110  # a file of another process
            await asyncio.sleep(0.01)
        outcome = await fire(self, claim, *others)
        own_journal().write("claimed_late", instant=claim.instant, outcome=outcome)
        return outcome

    schedule_store.RedisScheduleStore.fire = late  # type: ignore[method-assign, assignment]  # that is the sabotage


def fire_unclaimed() -> None:
    """As above, and the store does not ask whether the instant was claimed before; the job's id is still known."""
    hold_fires()
    replace_in_scripts(CLAIM_CHECK)


def fire_doubled() -> None:
    """As above, and a job whose id is known already is enqueued once more."""
    hold_fires()
    replace_in_scripts(CLAIM_CHECK, ID_CHECK)


def replace_in_scripts(*guards: tuple[str, str, str]) -> None:
    """In the script of this path, instead of the guard, something else."""
    read = scripts._read

    def without_guard(path: str) -> str:
        text = read(path)
        for place, guard, instead in guards:
            if path == place:
                assert text.count(guard) == 1, "the script refuses a claim in other words by now"
                text = text.replace(guard, instead)
        return text

    scripts._read = without_guard


KINDS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        ignore_lost_leases,
        drop_the_fence,
        pop_then_record,
        settle_before_run,
        hold_fires,
        fire_unclaimed,
        fire_doubled,
    )
}
if os.environ.get(VARIABLE):
    KINDS[os.environ[VARIABLE]]()
