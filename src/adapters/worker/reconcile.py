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
# As long as nothing comes, runs or ends, nothing is broken that was not; but who trusts in that for ever?
MOST_LEFT_OUT = 4
log = structlog.get_logger("hexjobs.worker")


class _Superseded(Exception):
    """Another worker reconciles by now."""


@dataclass(slots=True)
class Reconcile:
    """Checks the store and repairs it, in one worker at a time.

    The first pass begins `starts_after` the start, or after `interval` where that is less: a start has other things to do,
    and changes what is in the store. Each next one begins `interval` after the end of the one before, or nine times as long
    as that one took, whichever is later. After one that found nothing, up to four are left out while the store stands still.
    """

    store_check: StoreCheck
    metrics: JobMetrics
    clock: Clock
    interval: timedelta
    who: str = field(default_factory=lambda: secrets.token_hex(8))
    starts_after: timedelta = timedelta(seconds=5)
    name: str = "reconcile"
    on_progress: Callable[[], None] = lambda: None
    _sound: str | None = None
    _left_out: int = 0
    _renewed: float = 0.0
    _resumed: float = 0.0

    async def step(self) -> float:
        """One pass, unless another worker sees to it."""
        first_wait, self.starts_after = min(self.starts_after, self.interval), timedelta(0)
        if first_wait:
            return first_wait.total_seconds()
        wait = self.interval.total_seconds()
        word = await self.store_check.claim(self.who, LIFE)
        if word is None:
            return wait
        if word == self._sound and self._left_out < MOST_LEFT_OUT:
            self._left_out += 1
            await self.store_check.claim(self.who, timedelta(seconds=wait))
            return wait
        self._sound, self._left_out = None, 0
        began = self._renewed = self._resumed = self.clock.monotonic()
        try:
            report = await self.store_check.check(repair=True, pause=self._pause)
        except _Superseded:
            log.info("reconciler_superseded")
            return wait
        seconds = self.clock.monotonic() - began
        self._tell(report, seconds)
        self._sound = None if report.found else word
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
            if await self.store_check.claim(self.who, LIFE) is None:
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
