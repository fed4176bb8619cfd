"""Health checks on ports: ServerCheck, QueuesCheck, WorkerCheck, StuckCheck.

Readiness takes the server and the worker, liveness StuckCheck alone: an outage of the server must not restart the fleet.
The text of an error goes to the details only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from ..domain.errors import ServerFull, ServerUnavailable
from ..ports.delivery import QueueStats
from ..ports.health_check import Health
from ..ports.job_queue import JobQueue
from ..ports.worker import Worker

WITHIN = timedelta(seconds=2)
RISKS_EVERY = timedelta(minutes=1)


class ServerCheck:
    """Ill when the queue's server does not answer `within` so long. Details: the milliseconds, or the error; the risks.

    A server that endangers jobs is not ill: it is in `risks`, read anew every `RISKS_EVERY`, for people to mend.
    """

    name = "server"

    def __init__(self, queue: JobQueue, within: timedelta = WITHIN) -> None:
        self._queue = queue
        self._within = within
        self._risks: list[str] = []
        self._risks_until = 0.0

    async def check(self) -> Health:
        """How it is now."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        ends = begin + self._within.total_seconds()
        try:
            async with asyncio.timeout_at(ends):
                await self._queue.ping()
        except (ServerUnavailable, TimeoutError) as error:
            return _unreachable(error)
        milliseconds = round((loop.time() - begin) * 1000, 3)
        if loop.time() >= self._risks_until:
            with contextlib.suppress(ServerUnavailable, TimeoutError):  # then the former ones stand
                async with asyncio.timeout_at(ends):
                    self._risks = [risk.sentence for risk in await self._queue.risks()]
                    self._risks_until = loop.time() + RISKS_EVERY.total_seconds()
        return Health(details={"milliseconds": milliseconds, "risks": self._risks})


class QueuesCheck:
    """Ill when the queues' figures cannot be read `within` so long. Details: the figures by queue."""

    name = "queues"

    def __init__(self, queue: JobQueue, names: Sequence[str], within: timedelta = WITHIN) -> None:
        self._queue = queue
        self._names = tuple(names)
        self._within = within

    async def check(self) -> Health:
        """How they are now."""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                found = await self._queue.stats_of(self._names)
        except (ServerUnavailable, TimeoutError) as error:
            return _unreachable(error)
        return Health(details={stats.name: _figures(stats) for stats in found})


class WorkerCheck:
    """Ill when the worker is: its fetch loop stands still, or a slot hangs. Details: the worker's own."""

    name = "worker"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def check(self) -> Health:
        """How it is now."""
        return self._worker.health()


class StuckCheck:
    """Ill only when the worker says that nothing but a new process helps. For liveness."""

    name = "worker"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def check(self) -> Health:
        """How it is now."""
        health = self._worker.health()
        if health.details.get("stuck") is not True:
            return Health()
        return Health(health.reasons or ("the worker is stuck",), health.details)


def _unreachable(error: Exception) -> Health:
    text = str(error) or "no answer in time"
    reason = "the server cannot write" if isinstance(error, ServerFull) else "the server does not answer"
    return Health((reason,), {"error": text})


def _figures(stats: QueueStats) -> dict[str, Any]:
    figures = msgspec.structs.asdict(stats)
    del figures["name"]
    return figures
