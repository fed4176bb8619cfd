"""ProgressKeeper: sends the latest progress of running jobs, from any thread, without holding the handler up."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
import threading
from typing import Any

import msgspec
import structlog

from ...domain.errors import JobError, ServerFull, ServerUnavailable
from ...domain.payload import json_problems
from ...ports.delivery import Delivery
from ...ports.envelope import MalformedEnvelope, decode_envelope
from ...ports.job_metrics import JobMetrics
from ...ports.job_store import JobStore

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
log = structlog.get_logger("hexjobs.worker")


class ProgressKeeper:
    """Keeps the latest value per job; what arrives while one is on its way is sent next, older values are left out.

    One that the store refuses, because its run is no longer the current one, is counted and told.
    """

    def __init__(self, store: JobStore, metrics: JobMetrics) -> None:
        self._store = store
        self._metrics = metrics
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[Delivery, bytes]] = {}
        self._sending: dict[str, tuple[Delivery, bytes]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._context = contextvars.copy_context()  # not that of a job, whose ids are not those of the others

    def attach(self) -> None:
        """Send from the running event loop from now on."""
        self._loop = asyncio.get_running_loop()

    def save(self, delivery: Delivery, value: Any) -> None:
        """Take a value; ValueError where it is not JSON."""
        problems = json_problems(value, path="progress")
        if problems:
            raise ValueError("; ".join(map(str, problems)))
        with self._lock:
            current = self._latest.get(delivery.job_id)
            if current is None or current[0].fence <= delivery.fence:  # else from a run that was given up
                self._latest[delivery.job_id] = (delivery, msgspec.json.encode(value))
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, context=self._context)

    def has(self, job_id: str) -> bool:
        """Whether something that was saved for this job is not stored yet: its settlement must not overtake it."""
        return job_id in self._latest or job_id in self._sending

    async def flush(self, job_id: str) -> None:
        """Return when what was saved for this job is stored."""
        while self.has(job_id):
            self._begin()
            if self._task is not None:
                await asyncio.shield(self._task)

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send(), name="hexjobs-progress", context=self._context)

    async def _send(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            with self._lock:
                latest, self._latest = self._latest, {}
            self._sending = {}
            if not latest:
                return
            self._sending = latest
            try:
                await self._save(latest)
            except ServerUnavailable as error:
                # Later values will do; a handler that tells many must not make as many connections in an outage.
                log.debug("progress_lost", jobs=len(latest), error=str(error))
                await asyncio.sleep(pause * (0.5 + random.random() / 2))  # noqa: S311  # jitter, no secret
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS

    async def _save(self, latest: dict[str, tuple[Delivery, bytes]]) -> None:
        for job_id, (delivery, progress) in latest.items():
            try:
                if not await self._store.save_progress(job_id, delivery.fence, progress):
                    self._refused(delivery)
            except JobError as error:
                if isinstance(error, ServerUnavailable) and not isinstance(error, ServerFull):
                    raise
                log.debug("progress_lost", job_id=job_id, error=str(error))

    def _refused(self, delivery: Delivery) -> None:
        log.warning("progress_refused", job_id=delivery.job_id, fence=delivery.fence)
        with contextlib.suppress(MalformedEnvelope):
            self._metrics.result_refused(decode_envelope(delivery.data).type)
