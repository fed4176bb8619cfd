"""Reconcile: the role that checks the store and repairs what a fault has broken."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from ...ports.clock import Clock
from ...ports.job_metrics import JobMetrics
from ...ports.store_check import StoreCheck, StoreReport

# How long the store is claimed at a time while a pass runs: after that another worker takes over from a dead one.
LIFE = timedelta(seconds=30)
RENEWED_AFTER_SECONDS = 5.0
# With a pause as long as the work after each part of it, and nine times as long as the pass after it, no store costs its
# server or this worker more than a twentieth of the time.
REST = 9
log = structlog.get_logger("hexjobs.worker")


class _Superseded(Exception):
    """Another worker reconciles by now."""


@dataclass(slots=True)
class Reconcile:
    """Checks the store and repairs it, in one worker at a time.

    A pass begins `interval` after the end of the one before, or nine times as long as that one took, whichever is later.
    """

    store_check: StoreCheck
    metrics: JobMetrics
    clock: Clock
    interval: timedelta
    who: str = field(default_factory=lambda: secrets.token_hex(8))
    name: str = "reconcile"
    on_progress: Callable[[], None] = lambda: None
    _renewed: float = 0.0
    _resumed: float = 0.0

    async def step(self) -> float:
        """One pass, unless another worker sees to it."""
        wait = self.interval.total_seconds()
        if not await self.store_check.claim(self.who, LIFE):
            return wait
        began = self._renewed = self._resumed = self.clock.monotonic()
        try:
            report = await self.store_check.check(repair=True, pause=self._pause)
        except _Superseded:
            log.info("reconciler_superseded")
            return wait
        seconds = self.clock.monotonic() - began
        self._tell(report, seconds)
        wait = max(wait, REST * seconds)
        # The others need not look again before.
        await self.store_check.claim(self.who, timedelta(seconds=wait))
        return wait

    async def _pause(self) -> None:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError  # one that a client library has swallowed
        self.on_progress()
        now = self.clock.monotonic()
        if now - self._renewed > RENEWED_AFTER_SECONDS:
            if not await self.store_check.claim(self.who, LIFE):
                raise _Superseded
            self._renewed = now
        await self.clock.sleep(now - self._resumed)
        self._resumed = self.clock.monotonic()

    def _tell(self, report: StoreReport, seconds: float) -> None:
        for finding in report.findings:
            log.warning(
                "store_repaired",
                code=finding.code,
                job_id=finding.job_id,
                where=finding.where,
                problem=finding.text,
            )
        if report.found > len(report.findings):
            log.warning("store_repaired_more", repairs=report.found - len(report.findings))
        for code, count in report.counts.items():
            self.metrics.store_repaired(code, count)
        log.debug("store_reconciled", seconds=round(seconds, 3), repairs=report.found, **report.looked_at)
