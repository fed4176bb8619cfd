"""Sizes as people write them: `"512MiB"`, `"2GB"`, or a number of bytes."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_WHOLE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\Z")


def parse_byte_size(value: Any) -> int:
    """Bytes, more than 0, from a number or a text such as `"512MiB"`; ValueError says what is legal."""
    size = None
    if isinstance(value, str):
        found = _WHOLE.match(value.strip().lower())
        if found and found[2] in _UNITS:
            size = int(float(found[1]) * _UNITS[found[2]])
    elif isinstance(value, int) and not isinstance(value, bool):
        size = value
    if size is None or size <= 0:
        raise ValueError(f'{value!r} is not a size; write it like 1000000 (bytes), "512MiB" or "2GB"')
    return size


def format_byte_size(value: int) -> str:
    """A text for people, such as `512 MiB`."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size:
            return f"{value / size:g} {unit}" if value % size == 0 else f"{value / size:.1f} {unit}"
    return f"{value} bytes"
