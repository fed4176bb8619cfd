"""MemoryCircuits: the Circuits port in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ...ports.circuits import CircuitRules, CircuitState, Passage
from ...ports.clock import Clock
from .circuit import Circuit
from .instants import milliseconds
from .state import MemoryStore


class MemoryCircuits:
    """The circuits of a MemoryStore, for any thread; no method ever suspends."""

    def __init__(self, state: MemoryStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def enter(self, name: str, rules: CircuitRules, token: str) -> Passage:
        """Ask whether a run may go through."""
        with self._state.lock:
            circuit = self._state.circuits.get(name)
            if circuit is None or circuit.state is CircuitState.CLOSED:
                return Passage(CircuitState.CLOSED)
            now = self._now()
            wait = timedelta(milliseconds=circuit.ends - now)
            if wait > timedelta(0) and circuit.probe != token:
                if circuit.state is CircuitState.HALF_OPEN:
                    wait = min(wait, rules.open_for)
                return Passage(circuit.state, is_allowed=False, wait=wait)
            circuit.half_open(token, now + milliseconds(rules.probe_lease))
            return Passage(CircuitState.HALF_OPEN, is_probe=True)

    async def keep_probing(self, name: str, rules: CircuitRules, token: str) -> bool:
        """Say that the probe is alive; False when this run is not the probe any more."""
        with self._state.lock:
            circuit = self._probed(name, token)
            if circuit is not None:
                circuit.ends = self._now() + milliseconds(rules.probe_lease)
            return circuit is not None

    async def fail(self, name: str, rules: CircuitRules, token: str) -> timedelta | None:
        """Note that a run has failed; when this opened the circuit, how long it stays open."""
        with self._state.lock:
            circuit, now = self._state.circuits.setdefault(name, Circuit()), self._now()
            if circuit.state is CircuitState.CLOSED:
                since = now - milliseconds(rules.window)
                circuit.failures = [instant for instant in circuit.failures if instant > since] + [now]
                if len(circuit.failures) < rules.failures:
                    return None
            elif self._probed(name, token) is None:
                return None
            circuit.openings += 1
            span = _span(rules, circuit.openings)
            circuit.open(now + milliseconds(span))
            return span

    async def succeed(self, name: str, token: str) -> bool:
        """Close a half-open circuit when the run is its probe; whether this closed it."""
        with self._state.lock:
            if self._probed(name, token) is None:
                return False
            del self._state.circuits[name]
            return True

    async def abandon(self, name: str, token: str) -> None:
        """Let the next run that asks be the probe in place of this one."""
        with self._state.lock:
            circuit = self._probed(name, token)
            if circuit is not None:
                circuit.open(0)

    async def states(self, names: Sequence[str]) -> list[CircuitState]:
        """The states in the order of the names."""
        with self._state.lock:
            circuits = [self._state.circuits.get(name) for name in names]
            return [CircuitState.CLOSED if circuit is None else circuit.state for circuit in circuits]

    def _probed(self, name: str, token: str) -> Circuit | None:
        """The half-open circuit whose probe this run is, or None."""
        circuit = self._state.circuits.get(name)
        return circuit if circuit is not None and circuit.probe == token else None

    def _now(self) -> int:
        return self._clock.milliseconds()


def _span(rules: CircuitRules, openings: int) -> timedelta:
    if rules.max_open_for is None:
        return rules.open_for
    return max(rules.open_for, min(rules.open_for * (1 << min(openings - 1, 30)), rules.max_open_for))
