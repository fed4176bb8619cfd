"""What a worker's duties and slots tell about its health."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol

from ...ports.health_check import Health
from .slot_pool import SlotPool

FETCH = "fetch"


class Duty(Protocol):
    """One background duty: when it last succeeded and last tried, on the monotonic clock, and what failed.

    One that rests by its own wish counts as trying until the end of the rest.
    """

    @property
    def name(self) -> str:
        """A stable word."""
        ...

    @property
    def advanced(self) -> float:
        """When it last succeeded."""
        ...

    @property
    def tried(self) -> float:
        """When it last began, or wants to begin next."""
        ...

    @property
    def failure(self) -> str | None:
        """What the last try failed with, or None."""
        ...


def worker_health(
    worker_id: str, duties: Sequence[Duty], pool: SlotPool, now: float, stuck_after: float
) -> Health:
    """Ill when a duty fails, or neither advances nor tries for `stuck_after` seconds, or zombies have taken slots.

    `details["stuck"]` is true in the second case alone: an unreachable server is tried again and again.
    `details["recycle"]` is `zombies` where only a new process brings slots back.
    """
    reasons = []
    stuck = False
    for duty in duties:
        silent = now - max(duty.advanced, duty.tried)
        if duty.name == FETCH:  # with all slots busy it rightly waits
            silent = min(silent, 0.0 if pool.free_since is None else now - pool.free_since)
        if duty.failure is not None:
            reasons.append(f"{duty.name}: {duty.failure}")
        if silent > stuck_after:
            stuck = True
            reasons.append(f"{duty.name}: no progress for {silent:.0f} s")
    statistics = pool.statistics()
    if pool.has_too_many_zombies:
        reasons.append(f"slots: {statistics.zombies} runs that were stopped go on, more than are replaced")
    return Health(
        tuple(reasons),
        {
            "worker_id": worker_id,
            "stuck": stuck,
            "recycle": "zombies" if pool.has_too_many_zombies else None,
            "roles": {
                duty.name: {
                    "advanced_seconds_ago": round(now - duty.advanced, 1),
                    "failure": duty.failure,
                }
                for duty in duties
            },
            "statistics": statistics.to_dict(),
            "slots": [asdict(slot) for slot in pool.slots()],
        },
    )
