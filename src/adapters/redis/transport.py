"""Transport: how a command reaches the server. One thin asynchronous and one thin blocking form carry all operations.

Both are awaited. The blocking one never suspends, so a caller without an event loop can drive every operation of this
adapter by hand (see `hexjobs.application.blocking`); no operation is written twice. `run`, by which nearly all calls go, is
a plain function that gives a coroutine: a coroutine around another one would do nothing but cost.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from .scripts import Script

Word = str | bytes | int | float
# As the first one of a script's, a tuple holds words that many calls begin with.
Argument = Word | tuple[Word, ...]
LONGEST_BLOCK_SECONDS = 20.0


class Transport(Protocol):
    """Carries commands, and closes what idles when a connection breaks or stays silent.

    ServerUnavailable where the server cannot be reached or does not answer within READ_SECONDS; ServerFull where it has
    no room, and nothing was written. When one connection is of no use, the server is gone or has moved for the idle ones too.
    """

    def run(
        self, script: Script, arguments: Sequence[Argument], *, repeatable: bool = False
    ) -> Coroutine[Any, Any, Any]:
        """Run a script by its digest, loading it where the server has lost it.

        `repeatable`: once more, on a fresh connection, after one broke; only for scripts that may run twice. Not while
        the server is away: in an outage each call makes one connection at most.
        """
        ...

    async def execute(self, *command: Argument) -> Any:
        """Run one command."""
        ...

    async def wait(self, *command: Argument, longest: float, exactly: bool = False) -> Any:
        """Run a command that blocks for up to `longest` seconds, on a connection that only such commands use.

        `longest` is at most LONGEST_BLOCK_SECONDS; the answer may take READ_SECONDS more, like any other. In the blocking
        form each answer may take as long as that of the longest.

        `exactly`: it ends after `longest` to the millisecond, as if its own timeout had come. A server looks at the
        timeouts of blocked commands ten times a second only. The blocking form leaves it at that.
        """
        ...

    async def close(self) -> None:
        """Close all connections; what is under way fails. A later call opens new ones."""
        ...
