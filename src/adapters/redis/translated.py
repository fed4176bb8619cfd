"""translated: the client's errors as the port's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...domain.errors import InvalidConfiguration, Problem, ServerFull, ServerUnavailable
from .address import Address

MEMORY_HELP = "work off or delete jobs, or raise maxmemory, then submit again; what waits and runs goes on"
DISK_HELP = "free or mend its disk, then submit again"
TOO_OLD = "does not know script flags; Redis 7 or newer, or Valkey, is needed"
PASSING = ("BUSY", "NOREPLICAS", "UNKILLABLE")


@contextlib.contextmanager
def translated(address: Address) -> Iterator[None]:
    """Raise ServerFull where the server has no room to write, ServerUnavailable where it is away or not ready.

    InvalidConfiguration where it is too old to know script flags. A server that is full refuses a script as a whole, before its first line: nothing is written then.
    """
    import redis.exceptions as errors

    try:
        yield
    except (errors.ConnectionError, errors.TimeoutError, ConnectionError, TimeoutError) as error:
        raise ServerUnavailable(f"the server at {address.label} cannot be reached: {error}") from error
    except errors.ResponseError as error:
        text = str(error)
        if isinstance(error, errors.OutOfMemoryError) or text.startswith("OOM"):
            raise ServerFull(f"the server at {address.label} is full: {text}; {MEMORY_HELP}") from error
        if text.startswith("MISCONF"):
            raise ServerFull(f"the server at {address.label} cannot persist: {text}; {DISK_HELP}") from error
        if isinstance(error, (errors.ReadOnlyError, errors.ClusterDownError)) or text.startswith(PASSING):
            raise ServerUnavailable(f"the server at {address.label} refuses: {text}") from error
        if "compiling script" in text:
            problem = Problem("jobs.redis.addr", f"the server at {address.label} {TOO_OLD}")
            raise InvalidConfiguration([problem]) from error
        raise
