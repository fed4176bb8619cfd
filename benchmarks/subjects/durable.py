"""Submits to a server that syncs its append-only file before it answers (`appendfsync always`)."""

from __future__ import annotations

from ..rounds import Figures, every_round
from ..server import valkey
from ..services import blocking_service, service
from ..sizes import Sizes
from ..stopwatch import rates
from .bare import BarePushes
from .submit import Submits


@every_round
async def durable(sizes: Sizes) -> Figures:
    """Submits a second by 50 at once and by a lone one, and the bare client's pushes."""
    few = max(10, sizes.submits // 5)
    with valkey("--appendonly", "yes", "--appendfsync", "always") as server:
        async with (
            BarePushes(server) as bare,
            blocking_service(server) as blocking_jobs,
            service(server) as jobs,
        ):
            submits = Submits(jobs, blocking_jobs)
            await submits.one_by_one(10)
            return await rates(
                {
                    "durable.bare_lone": (few, bare.one_by_one),
                    "durable.lone": (few, submits.one_by_one),
                    "durable.bare_at_once": (sizes.submits, bare.at_once),
                    "durable.tasks": (sizes.submits, submits.by_tasks),
                    "durable.threads": (sizes.submits, submits.by_threads),
                }
            )
