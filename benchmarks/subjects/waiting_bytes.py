"""The server's memory for jobs that wait."""

from __future__ import annotations

from ..rounds import Figures, every_round
from ..server import valkey
from ..services import fill, service
from ..sizes import Sizes


@every_round
async def waiting_bytes(sizes: Sizes) -> Figures:
    """Bytes for one waiting job."""
    with valkey() as server:
        async with service(server) as jobs:
            await fill(jobs, 1)
            before = server.used_memory()
            await fill(jobs, sizes.jobs)
            return {"bytes.waiting": (server.used_memory() - before) / sizes.jobs}
