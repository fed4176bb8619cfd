"""Translated: the client's errors as the port's."""

from __future__ import annotations

from types import TracebackType

from redis import exceptions as errors

from ...domain.errors import InvalidConfiguration, Problem, ServerFull, ServerUnavailable
from .address import Address

MEMORY_HELP = "work off or delete jobs, or raise maxmemory, then submit again; what waits and runs goes on"
DISK_HELP = "free or mend its disk, then submit again"
TOO_OLD = "does not know script flags; Redis 7 or newer, or Valkey, is needed"
PASSING = ("BUSY", "NOREPLICAS", "UNKILLABLE")


class Translated:
    """A block that raises ServerFull where the server has no room to write, ServerUnavailable where it is away or not ready.

    InvalidConfiguration where it is too old to know script flags; any other error as it is. A server that is full
    refuses a script as a whole, before its first line: nothing is written then. One instance serves any number of blocks.
    """

    __slots__ = ("_address",)

    def __init__(self, address: Address) -> None:
        self._address = address

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise what the error means."""
        if isinstance(error, (errors.RedisError, OSError)):
            self.raise_meaning(error)

    def raise_meaning(self, error: Exception) -> None:
        """Raise what the error means, as a block does; nothing happens where it is itself."""
        known = _meaning(error, self._address)
        if known is not None:
            raise known from error


def _meaning(error: Exception, address: Address) -> Exception | None:
    text = str(error)
    if isinstance(error, (errors.ConnectionError, errors.TimeoutError, ConnectionError, TimeoutError)):
        return ServerUnavailable(f"the server at {address.label} cannot be reached: {text}")
    if isinstance(error, errors.OutOfMemoryError) or text.startswith("OOM"):
        return ServerFull(f"the server at {address.label} is full: {text}; {MEMORY_HELP}")
    if text.startswith("MISCONF"):
        return ServerFull(f"the server at {address.label} cannot persist: {text}; {DISK_HELP}")
    if isinstance(error, (errors.ReadOnlyError, errors.ClusterDownError)) or text.startswith(PASSING):
        return ServerUnavailable(f"the server at {address.label} refuses: {text}")
    if "compiling script" in text:
        problem = Problem("jobs.redis.addr", f"the server at {address.label} {TOO_OLD}")
        return InvalidConfiguration([problem])
    return None
