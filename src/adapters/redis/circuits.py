"""RedisCircuits: Circuits on Redis or Valkey."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ...ports.circuits import CircuitRules, CircuitState, Passage
from .keys import Keys
from .replies import milliseconds
from .scripts import script
from .transport import Argument, Transport


class RedisCircuits:
    """Circuits on Redis or Valkey, one partition. A closed circuit without recent failures takes no room."""

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def enter(self, name: str, rules: CircuitRules, token: str) -> Passage:
        """See `Circuits.enter`."""
        arguments: list[Argument] = [
            self._keys.prefix,
            name,
            token,
            milliseconds(rules.open_for),
            milliseconds(rules.probe_lease),
        ]
        state, answer, wait = await self._transport.run(script("circuit_enter"), arguments, repeatable=True)
        return Passage(
            CircuitState(state.decode()),
            is_allowed=answer != b"wait",
            is_probe=answer == b"probe",
            wait=timedelta(milliseconds=int(wait)),
        )

    async def keep_probing(self, name: str, rules: CircuitRules, token: str) -> bool:
        """See `Circuits.keep_probing`."""
        arguments: list[Argument] = [self._keys.prefix, name, token, milliseconds(rules.probe_lease)]
        return bool(await self._transport.run(script("circuit_keep"), arguments, repeatable=True))

    async def fail(self, name: str, rules: CircuitRules, token: str) -> timedelta | None:
        """See `Circuits.fail`."""
        longest = timedelta(0) if rules.max_open_for is None else rules.max_open_for
        arguments: list[Argument] = [
            self._keys.prefix,
            name,
            token,
            rules.failures,
            milliseconds(rules.window),
            milliseconds(rules.open_for),
            milliseconds(longest),
        ]
        opened = int(await self._transport.run(script("circuit_fail"), arguments))
        return None if opened < 0 else timedelta(milliseconds=opened)

    async def succeed(self, name: str, token: str) -> bool:
        """See `Circuits.succeed`."""
        return bool(await self._transport.run(script("circuit_succeed"), [self._keys.prefix, name, token]))

    async def abandon(self, name: str, token: str) -> None:
        """See `Circuits.abandon`."""
        await self._transport.run(
            script("circuit_abandon"), [self._keys.prefix, name, token], repeatable=True
        )

    async def states(self, names: Sequence[str]) -> list[CircuitState]:
        """See `Circuits.states`."""
        found = [await self._transport.execute("HGET", self._keys.circuit(name), "state") for name in names]
        return [CircuitState(state.decode()) if state else CircuitState.CLOSED for state in found]
