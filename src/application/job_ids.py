"""New job ids: UUIDv7, which sort by time."""

from __future__ import annotations

import os
from collections.abc import Callable

_UNIQUE_BITS = 74


def new_job_id(milliseconds: int, random: Callable[[int], bytes] = os.urandom) -> str:
    """A UUIDv7 in its 36-character form (RFC 9562, section 5.7): the time in milliseconds and 74 random bits."""
    bits = int.from_bytes(random(10)) >> (80 - _UNIQUE_BITS)
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    text = f"{milliseconds << 16 | 0x7000 | high:016x}{0b10 << 62 | low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
