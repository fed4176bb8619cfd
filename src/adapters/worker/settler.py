"""Settler: records outcomes in batches; what arrives while a batch is on its way makes the next one."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from ...domain.errors import ServerUnavailable
from ...ports.delivery import Settlement
from ...ports.job_queue import JobQueue

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_ALONE_SECONDS = 30.0
T = TypeVar("T")
Answered = Callable[[Sequence[tuple[Settlement, T]], Sequence[bool]], None]
"""Hears of a batch which the store has answered: each outcome with its ticket, and whether it was accepted."""
log = structlog.get_logger("hexjobs.worker")


class Settler(Generic[T]):
    """Records how deliveries ended. An outcome is repeated until the server has answered it, and never dropped.

    One that the store fails at, while it answers, is repeated alone, so that it holds no other up. Its slot stays busy:
    were it freed, the job would stay noted under a living worker for ever.
    """

    def __init__(self, queue: JobQueue, answered: Answered[T]) -> None:
        self._queue = queue
        self._answered = answered
        self._waiting: list[tuple[Settlement, T]] = []
        self._task: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()
        # Not that of the job whose outcome is the first: its ids are not those of the others.
        self._context = contextvars.copy_context()
        self._sent = 0
        self.is_gathering = False
        """Whether an outcome that comes now goes with the next batch, in this turn of the event loop."""

    @property
    def on_its_way(self) -> int:
        """How many outcomes the store is being sent and has not answered; those that wait or failed do not count."""
        return len(self._waiting) if self.is_gathering else self._sent

    def settle(self, settlement: Settlement, ticket: T) -> None:
        """Record an outcome; `answered` hears of it with the ticket. All of one turn of the event loop go together."""
        self._waiting.append((settlement, ticket))
        if self._task is None or self._task.done():
            self.is_gathering = True
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._send(), name="hexjobs-settler", context=self._context)

    async def _send(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self.is_gathering, self._sent = False, len(batch)
            try:
                answers = await self._ask(batch)
            except ServerUnavailable as error:
                self._sent = 0
                log.warning("settle_delayed", jobs=len(batch), error=str(error))
                self._waiting[:0] = batch
                await asyncio.sleep(_jittered(pause))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Exception:
                self._sent = 0
                log.exception("settle_failed", job_ids=[each.delivery.job_id for each, _ in batch])
                for each in batch:  # which of them it was shows when each is sent alone
                    task = asyncio.create_task(self._send_alone(each), name="hexjobs-settler-alone")
                    self._alone.add(task)
                    task.add_done_callback(self._alone.discard)
            else:
                pause = FIRST_PAUSE_SECONDS
                self._sent = 0
                self._answered(batch, answers)

    async def _send_alone(self, each: tuple[Settlement, T]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                answers = await self._ask([each])
            except Exception as error:  # noqa: BLE001  # an outcome outlives every failure of the store
                log.warning("settle_delayed", job_id=each[0].delivery.job_id, error=str(error))
                await asyncio.sleep(_jittered(pause))
                pause = min(pause * 2, LONGEST_PAUSE_ALONE_SECONDS)
            else:
                self._answered([each], answers)
                return

    async def _ask(self, batch: Sequence[tuple[Settlement, T]]) -> list[bool]:
        answers = await self._queue.settle([settlement for settlement, _ in batch])
        if len(answers) != len(batch):
            raise ValueError(f"{len(answers)} answers to {len(batch)} outcomes")
        return answers


def _jittered(pause: float) -> float:
    return pause * (0.5 + random.random() / 2)  # noqa: S311  # jitter, no secret
