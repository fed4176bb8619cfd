"""JobIds: new job ids, which sort by time."""

from __future__ import annotations

import os
from collections.abc import Callable

IDS_AT_ONCE = 128
_BYTES = 10
# The two highest bits of the fourth group are the variant, 10; the other two of that digit are random.
_VARIANT_DIGITS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class JobIds:
    """Makes UUIDv7 (RFC 9562, section 5.7): the time in milliseconds and 74 random bits. Safe in threads, and after fork.

    The random parts are drawn many at a time. A forked child forgets what its parent has drawn.
    """

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._tails: list[str] = []
        self._head = (-1, "")
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._tails.clear)

    def new(self, milliseconds: int) -> str:
        """A new id in its 36-character form; `milliseconds` since 1970 are the time in it."""
        made, head = self._head
        if made != milliseconds:
            digits = f"{milliseconds:012x}"
            head = f"{digits[:8]}-{digits[8:]}-7"
            self._head = milliseconds, head
        try:
            return head + self._tails.pop()
        except IndexError:
            last, *others = self._draw()
            self._tails += others
            return head + last

    def _draw(self) -> list[str]:
        digits = self._random(_BYTES * IDS_AT_ONCE).hex()
        return [
            f"{digits[at : at + 3]}-{_VARIANT_DIGITS[digits[at + 3]]}{digits[at + 4 : at + 7]}-{digits[at + 7 : at + 19]}"
            for at in range(0, len(digits), 2 * _BYTES)
        ]


job_ids = JobIds()
