"""packed: a command as the bytes that go to the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import redis
from redis.utils import HIREDIS_AVAILABLE

if TYPE_CHECKING:
    from .transport import Argument

_pack: Callable[[Any], bytes]
if HIREDIS_AVAILABLE:
    import hiredis

    _pack = hiredis.pack_command
else:
    _packer: Any = redis.Connection()  # type: ignore[no-untyped-call]  # the client leaves it untyped; never connected

    def _joined(command: Any) -> bytes:
        return b"".join(_packer.pack_command(*command))

    _pack = _joined


def packed(*command: Argument) -> bytes:
    """The whole command in one piece. TypeError, or the client's DataError, for an argument of any other type."""
    return _pack(command)
