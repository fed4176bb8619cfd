"""Risk: what about a store endangers jobs."""

from __future__ import annotations

import msgspec


class Risk(msgspec.Struct, frozen=True):
    """One way in which a store, as it is set, may lose jobs.

    `sentence` is for people: what is so, what it means, and what to set. A grave risk is one that `require_durable`
    refuses.
    """

    sentence: str
    is_grave: bool = False
