"""`run_bench`: submits and drains jobs that do nothing, on the configured server, and tells how long it took."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from datetime import timedelta
from typing import Any

from ..domain.errors import JobError
from ..runtime import run
from ..service import AsyncBackgroundJobService
from ..settings import Settings
from .bench_jobs import PAYLOAD, bench_noop, bench_stamp, start_of
from .bench_place import BenchPlace

PART = 1000
STAMPS = 200
PAUSE_SECONDS = 0.005
LOOK_SECONDS = 0.002
START_SECONDS = 30.0


def run_bench(settings: Settings, *, jobs: int, slots: int) -> dict[str, Any]:
    """What came of `jobs` jobs in `slots` slots of this process, by name.

    Everything happens below a key prefix of its own, of which nothing is left at the end, also after Ctrl-C. JobError
    says what kept a job out; ServerUnavailable.
    """
    return Bench(settings, jobs, slots).run()


class Bench:
    """One run: submits, a drain, single jobs on the idle worker, in this order and in this process."""

    def __init__(self, settings: Settings, jobs: int, slots: int) -> None:
        self._place = BenchPlace(settings, slots)
        self._service = AsyncBackgroundJobService(self._place.container)
        self._jobs, self._slots = jobs, slots
        self._found: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Run it to its end; KeyboardInterrupt when it was told to stop, after everything was put away."""
        try:
            run(self._play)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        return self._found

    async def _play(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        # Only the first one interrupts: a second one must not keep the keys from being removed.
        told: list[int] = []

        def stop() -> None:
            if not told:
                task.cancel()
            told.append(1)

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        try:
            await self._measure()
        finally:
            await self._place.leave()

    async def _measure(self) -> None:
        queue = self._place.container.access.queue()
        risks = [risk.sentence for risk in await queue.risks()]
        single = max(1, self._jobs // 4)
        one_by_one = await self._submit_one_by_one(single)
        in_bulk = await self._submit_in_bulk(self._jobs)
        used = await self._place.used_bytes()
        self._found |= {
            "store": self._place.store,
            "jobs": self._jobs,
            "slots": self._slots,
            "submit_per_second": one_by_one,
            "submit_jobs_per_second": in_bulk,
        }
        # As in a fleet, where one worker at a time looks through the store: that is not what is measured.
        await self._place.container.access.store_check().claim("bench", timedelta(hours=1))
        worker = self._place.container.worker()
        try:
            self._found["drain_per_second"] = await self._drain(single + self._jobs)
            waits = await self._starts()
        finally:
            await worker.stop()
            self._place.container.caller().close()
        self._found["start_p50_ms"] = statistics.median(waits)
        self._found["start_p99_ms"] = statistics.quantiles(waits, n=100, method="inclusive")[98]
        self._found["bytes_per_waiting_job"] = None if used is None else used / (single + self._jobs)
        self._found["risks"] = risks

    async def _submit_one_by_one(self, count: int) -> float:
        await self._service.submit_job(bench_noop, PAYLOAD)  # connects
        begin = time.perf_counter()
        for _ in range(count):
            await self._service.submit_job(bench_noop, PAYLOAD)
        return count / (time.perf_counter() - begin)

    async def _submit_in_bulk(self, count: int) -> float:
        begin = time.perf_counter()
        for first in range(0, count, PART):
            part = min(PART, count - first)
            for answer in await self._service.submit_jobs([(bench_noop, PAYLOAD)] * part):
                if isinstance(answer, JobError):
                    raise answer
        return count / (time.perf_counter() - begin)

    async def _drain(self, count: int) -> float:
        container = self._place.container
        begin = time.perf_counter()
        await container.worker().start()
        pool = container.pool()
        while pool.statistics().processed < count:  # noqa: ASYNC110  # an event for each job would be measured too
            await asyncio.sleep(LOOK_SECONDS)
        return count / (time.perf_counter() - begin)

    async def _starts(self) -> list[float]:
        """Milliseconds from before a submit to the handler's first line, one job after the other."""
        waits = []
        for number in range(STAMPS):
            await asyncio.sleep(PAUSE_SECONDS)  # idle again
            began = start_of(number)
            submitted = time.perf_counter()
            await self._service.submit_job(bench_stamp, {"n": number})
            async with asyncio.timeout(START_SECONDS):
                waits.append((await began - submitted) * 1000)
        return waits
