"""hexjobs as shipped, 100 slots, handlers `async def`."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from hexjobs import AsyncBackgroundJobService

from ..noop_jobs import PAYLOAD, hang, mark, noop
from . import handlers

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "HEXJOBS_JOBS__PROVIDER": "redis",
    "HEXJOBS_JOBS__REDIS__ADDR": handlers.URL.removesuffix("/0"),
    "HEXJOBS_JOBS__HANDLERS": '["benchmarks.noop_jobs"]',
    "HEXJOBS_HTTP__PORT": "0",
}


class Peer:
    """Submits to hexjobs."""

    has_bulk = True

    async def open(self) -> None:
        """See `PeerProgram.open`."""
        os.environ.update(SETTINGS)
        self._jobs = AsyncBackgroundJobService.from_config()
        # As a worker of a fleet: see `reconcile_elsewhere`.
        await self._jobs.container.access.store_check().claim("benchmark", timedelta(hours=1))

    async def close(self) -> None:
        """See `PeerProgram.close`."""
        await self._jobs.close()

    async def noop(self) -> None:
        """See `PeerProgram.noop`."""
        await self._jobs.submit_job(noop, PAYLOAD)

    async def bulk(self, count: int) -> None:
        """See `PeerProgram.bulk`."""
        await self._jobs.submit_jobs([(noop, PAYLOAD)] * count)

    async def mark(self, port: int, what: str) -> None:
        """See `PeerProgram.mark`."""
        await self._jobs.submit_job(mark, {"port": port, "what": what})

    async def hang(self, port: int, what: str) -> None:
        """See `PeerProgram.hang`."""
        await self._jobs.submit_job(hang, {"port": port, "what": what})


def work() -> None:
    """Be a worker."""
    options = ["worker", "--concurrency", "100", "--app-dir", str(ROOT)]
    os.execve(sys.executable, [sys.executable, "-m", "hexjobs", *options], {**os.environ, **SETTINGS})
