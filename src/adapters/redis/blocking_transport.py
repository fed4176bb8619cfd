"""BlockingTransport: the transport for threads."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from ...application.this_process import this_process
from .address import Address
from .scripts import Script
from .transport import Argument

if TYPE_CHECKING:
    from .calls import Calls


class BlockingTransport:
    """Transport for threads: it blocks where the other awaits, and never suspends. Safe to share and to fork.

    Each process has connections of its own; each call has one for itself.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._calls: dict[int, Calls] = {}

    def run(
        self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False
    ) -> Coroutine[Any, Any, Any]:
        """See `Transport.run`."""
        calls = self._calls.get(this_process.number) or self._begin()
        return calls.run(script, arguments, repeatable)

    async def execute(self, *command: Argument) -> Any:
        """See `Transport.execute`."""
        calls = self._calls.get(this_process.number) or self._begin()
        return await calls.execute(command)

    async def wait(self, *command: Argument, longest: float, exactly: bool = False) -> Any:
        """See `Transport.wait`."""
        calls = self._calls.get(this_process.number) or self._begin()
        return await calls.wait(command, longest, exactly=exactly)

    async def close(self) -> None:
        """See `Transport.close`."""
        calls = self._calls.pop(this_process.number, None)
        if calls is not None:
            await calls.close()

    def _begin(self) -> Calls:
        from .blocking_road import BlockingRoad
        from .calls import Calls

        mine = this_process.number
        for process in tuple(self._calls):
            if process != mine:
                # The parent's, copied by the fork: forgetting them closes this process's copies alone.
                self._calls.pop(process, None)
        # Threads may begin together: all go on with what the first one made. There is no lock that a fork could hold.
        return self._calls.setdefault(mine, Calls(BlockingRoad(self._address), self._address))
