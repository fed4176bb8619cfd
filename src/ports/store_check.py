"""StoreCheck: whether everything in the store fits together, and putting right what does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import msgspec

Pause = Callable[[], Awaitable[None]]


class Finding(msgspec.Struct, frozen=True):
    """One broken relation: a stable `code`, the key (or place) it was found at, and a sentence for people."""

    code: str
    where: str
    text: str
    job_id: str | None = None
    repaired: bool = False


class StoreReport(msgspec.Struct):
    """What a check came to. `counts` has the findings by code; `findings` has the first of them, in full.

    `left` is how many were not repaired; `looked_at` tells how many of each kind of thing were checked.
    """

    findings: list[Finding]
    counts: dict[str, int]
    left: int
    looked_at: dict[str, int]

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(self.counts.values())


class StoreCheck(Protocol):
    """Whether everything in the store fits together. ServerUnavailable is raised by every method when the server is away."""

    async def check(self, *, repair: bool = False, pause: Pause | None = None) -> StoreReport:
        """Check every relation between jobs, their places and what belongs to them, both ways.

        Jobs may move meanwhile: what moves is no finding. With `repair` each finding is repaired at once; a job whose
        data are lost is dead-lettered with the reason `data_lost`. Without it nothing changes. `pause` is awaited between
        the parts of the work.
        """
        ...

    async def claim(self, who: str, life: timedelta) -> str | None:
        """Become, or stay, the one who reconciles this store for `life`; None while somebody else is.

        Otherwise a word that stays the same while no job comes, runs or ends.
        """
        ...
