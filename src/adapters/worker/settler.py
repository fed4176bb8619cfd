"""Settler: records outcomes in batches; what arrives while a batch is on its way makes the next one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import structlog

from ...domain.errors import ServerUnavailable
from ...ports.delivery import Settlement
from ...ports.job_queue import JobQueue

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_ALONE_SECONDS = 30.0
Waiting = tuple[Settlement, "asyncio.Future[bool]"]
log = structlog.get_logger("hexjobs.worker")


class Settler:
    """Records how deliveries ended. An outcome is repeated until the server has answered it, and never dropped.

    One that the store fails at, while it answers, is repeated alone, so that it holds no other up. Its slot stays busy:
    were it freed, the job would stay noted under a living worker for ever.
    """

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()

    async def settle(self, settlement: Settlement) -> bool:
        """Whether the outcome was accepted; returns when the server has answered."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((settlement, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send(), name="hexjobs-settler")
        return await future

    async def _send(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._record(batch)
            except ServerUnavailable as error:
                log.warning("settle_delayed", jobs=len(batch), error=str(error))
                self._waiting[:0] = batch
                await asyncio.sleep(_jittered(pause))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Exception:
                log.exception("settle_failed", job_ids=[each.delivery.job_id for each, _ in batch])
                for each in batch:  # which of them it was shows when each is sent alone
                    task = asyncio.create_task(self._send_alone(each), name="hexjobs-settler-alone")
                    self._alone.add(task)
                    task.add_done_callback(self._alone.discard)
            else:
                pause = FIRST_PAUSE_SECONDS

    async def _send_alone(self, each: Waiting) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not each[1].done():
            try:
                await self._record([each])
            except Exception as error:  # noqa: BLE001  # an outcome outlives every failure of the store
                log.warning("settle_delayed", job_id=each[0].delivery.job_id, error=str(error))
                await asyncio.sleep(_jittered(pause))
                pause = min(pause * 2, LONGEST_PAUSE_ALONE_SECONDS)

    async def _record(self, batch: Sequence[Waiting]) -> None:
        answers = await self._queue.settle([settlement for settlement, _ in batch])
        for (_, future), accepted in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(accepted)


def _jittered(pause: float) -> float:
    return pause * (0.5 + random.random() / 2)  # noqa: S311  # jitter, no secret
