"""MisfirePolicy: what becomes of instants at which no scheduler was there."""

from __future__ import annotations

from enum import StrEnum


class MisfirePolicy(StrEnum):
    """What becomes of instants that are found later than the grace time allows. Within it every instant fires.

    `skip`: those beyond the grace time do not fire. `run_once`: the latest instant fires for all of them. `run_all`: each
    fires, the latest ones up to the backlog. Those that do not fire are recorded as missed.
    """

    SKIP = "skip"
    RUN_ONCE = "run_once"
    RUN_ALL = "run_all"
