"""Circuits: what the workers know in common about the outside services that their handlers call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import msgspec


class CircuitState(StrEnum):
    """Whether runs go through: all, none, or a single one that finds out."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitRules(msgspec.Struct, frozen=True):
    """When a circuit opens, and for how long.

    `failures` within `window` open it for `open_for`. With `max_open_for` each failed probe doubles that time up to it.
    A probe counts as dead when it did not say within `probe_lease` that it is alive.
    """

    failures: int = 5
    window: timedelta = timedelta(minutes=1)
    open_for: timedelta = timedelta(seconds=30)
    max_open_for: timedelta | None = None
    probe_lease: timedelta = timedelta(seconds=15)


class Passage(msgspec.Struct, frozen=True):
    """The answer to a run that asks whether it may go through.

    Where it may not, `wait` is how long to wait before it asks again. `is_probe` is true for the one run that finds
    out whether an open circuit may close.
    """

    state: CircuitState
    is_allowed: bool = True
    is_probe: bool = False
    wait: timedelta = timedelta(0)


class Circuits(Protocol):
    """The state of circuits by name. ServerUnavailable is raised by every method when the server is away.

    Every run names itself by a `token` that no other run has. Time is the store's own.
    """

    async def enter(self, name: str, rules: CircuitRules, token: str) -> Passage:
        """Ask whether a run may go through. A circuit that nothing is known of is closed, and lets every run through.

        An open circuit lets none through; when its time is over, the run that asks first becomes the probe, and the
        circuit is half-open. A half-open circuit lets none but the probe through, until the probe is dead: then the
        run that asks first takes its place.
        """
        ...

    async def keep_probing(self, name: str, rules: CircuitRules, token: str) -> bool:
        """Say that the probe is alive, for another `probe_lease`; False when this run is not the probe any more."""
        ...

    async def fail(self, name: str, rules: CircuitRules, token: str) -> timedelta | None:
        """Note that a run has failed; when this opened the circuit, how long it stays open, else None.

        A closed circuit opens with the last of `failures` within `window`. A half-open circuit opens again when the
        probe has failed. What other runs come to changes no circuit that is open or half-open.
        """
        ...

    async def succeed(self, name: str, token: str) -> bool:
        """Close a half-open circuit, its failures forgotten, when the run is its probe; whether this closed it."""
        ...

    async def abandon(self, name: str, token: str) -> None:
        """Let the next run that asks be the probe in place of this one, which found nothing out."""
        ...

    async def states(self, names: Sequence[str]) -> list[CircuitState]:
        """The states in the order of the names."""
        ...
