"""Settler: records outcomes in batches; what arrives while a batch is on its way makes the next one."""

from __future__ import annotations

import asyncio
import random

import structlog

from ...domain.errors import ServerUnavailable
from ...ports.delivery import Settlement
from ...ports.job_queue import JobQueue

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
log = structlog.get_logger("hexjobs.worker")


class Settler:
    """Records how deliveries ended. An outcome is repeated until the server has answered it, and never dropped."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._waiting: list[tuple[Settlement, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

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
                answers = await self._queue.settle([settlement for settlement, _ in batch])
            except ServerUnavailable as error:
                log.warning("settle_delayed", jobs=len(batch), error=str(error))
                self._waiting[:0] = batch
                await asyncio.sleep(pause * (0.5 + random.random() / 2))  # noqa: S311  # jitter, no secret
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001  # the slots that wait must hear of it
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            pause = FIRST_PAUSE_SECONDS
            for (_, future), accepted in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(accepted)
