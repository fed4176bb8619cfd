"""The version of the key layout that `docs/redis-keys.md` describes."""

from __future__ import annotations

from ...domain.errors import InvalidConfiguration, Problem
from .keys import Keys
from .scripts import script
from .transport import Transport

LAYOUT = 2


async def refuse_other_layout(transport: Transport, keys: Keys, *, note: bool = True) -> None:
    """InvalidConfiguration where another release wrote the keys, in another form. With `note` a store without a version gets this one."""
    if note:
        found = await transport.run(script("layout"), [keys.prefix, LAYOUT], repeatable=True)
    else:
        found = await transport.execute("HGET", keys.meta, "layout") or LAYOUT
    if int(found) != LAYOUT:
        advice = (
            "run a newer release"
            if int(found) > LAYOUT
            else "let the release that wrote them run the jobs there"
        )
        message = f"the keys there have layout {int(found)}, this release knows {LAYOUT}: {advice}"
        raise InvalidConfiguration([Problem("jobs.redis.key_prefix", message)])
