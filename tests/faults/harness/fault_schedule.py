"""FaultSchedule: which fault comes when, from a seed, so that a run that failed can be had again."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


def seed_of_run() -> int:
    """The seed that SEED= asks for, or a new one; printed, so that a failing run shows it."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"SEED={seed}\n")
    return seed


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault: so many seconds after the one before; `dice` (0 to 1) decides whatever else is open."""

    after: float
    kind: str
    dice: float


@dataclass(frozen=True, slots=True)
class FaultSchedule:
    """An endless sequence of faults, the same for the same seed. `kinds` maps each kind to its weight."""

    seed: int
    kinds: Mapping[str, float]
    shortest: float
    longest: float

    def __iter__(self) -> Iterator[PlannedFault]:
        source = random.Random(self.seed)
        names, weights = list(self.kinds), list(self.kinds.values())
        while True:
            after = source.uniform(self.shortest, self.longest)
            [kind] = source.choices(names, weights)
            yield PlannedFault(after, kind, source.random())
