"""BenchPlace: where `hexjobs bench` works: the configured store, below a key prefix that nothing else uses."""

from __future__ import annotations

import secrets

from ..adapters.redis.prefix_keys import PrefixKeys
from ..container import Container
from ..service import release_server
from ..settings import QueueSettings, Settings

LONGEST_PREFIX = 40
HANDLERS = f"{__package__}.bench_jobs"


class BenchPlace:
    """A container over the configured settings, with a prefix, queue and handlers of its own and `slots` slots."""

    def __init__(self, settings: Settings, slots: int) -> None:
        self.prefix = own_prefix(settings.jobs.redis.key_prefix)
        self.is_in_memory = settings.jobs.provider == "memory"
        jobs = settings.jobs
        jobs = jobs.model_copy(
            update={
                "enabled": True,
                "require_durable": False,  # what the server is like is told, not refused
                "handlers": (HANDLERS,),
                "redis": jobs.redis.model_copy(update={"key_prefix": self.prefix}),
                "worker_pool": jobs.worker_pool.model_copy(update={"worker_count": slots, "queues": ()}),
            }
        )
        own = settings.model_copy(update={"jobs": jobs, "queues": {"default": QueueSettings()}})
        self.container = Container(settings=own)

    @property
    def store(self) -> str:
        """The store, in words."""
        if self.is_in_memory:
            return "the memory of this process"
        settings: Settings = self.container.settings()
        if settings.jobs.provider == "embedded":
            return str(settings.jobs.embedded.data_dir)
        return str(self.container.address().label)

    async def used_bytes(self) -> int | None:
        """What its keys take on the server; None in memory."""
        return None if self.is_in_memory else await self._keys().used_bytes()

    async def leave(self) -> None:
        """Remove every key of it, and close the connections."""
        try:
            if not self.is_in_memory:
                await self._keys().remove()
        finally:
            await self.container.access.close()()
            await self.container.blocking_access.close()()
            release_server(self.container)

    def _keys(self) -> PrefixKeys:
        return PrefixKeys(self.container.access.transport(), self.prefix)


def own_prefix(configured: str) -> str:
    """A prefix beside the configured one; in braces where that is, so that a cluster keeps its keys together."""
    word = f"bench-{secrets.token_hex(6)}"
    if configured.startswith("{"):
        return f"{{{configured.strip('{}')[:LONGEST_PREFIX]}-{word}}}"
    return f"{configured[:LONGEST_PREFIX]}-{word}"
