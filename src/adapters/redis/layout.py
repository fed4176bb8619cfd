"""The version of the key layout that `docs/redis-keys.md` describes."""

from __future__ import annotations

from ...domain.errors import InvalidConfiguration, Problem
from .keys import Keys
from .scripts import script
from .transport import Transport

LAYOUT = 1


async def refuse_newer_layout(transport: Transport, keys: Keys, *, note: bool = True) -> None:
    """InvalidConfiguration where a newer release wrote the keys. With `note` a store without a version gets this one."""
    if note:
        found = await transport.run(script("layout"), [keys.prefix, LAYOUT], repeatable=True)
    else:
        found = await transport.execute("HGET", keys.meta, "layout") or LAYOUT
    if int(found) > LAYOUT:
        message = f"the keys there have layout {int(found)}, this release knows {LAYOUT}: run a newer release"
        raise InvalidConfiguration([Problem("jobs.redis.key_prefix", message)])
