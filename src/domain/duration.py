"""Durations as people write them: `"5s"`, `"1m"`, `"24h"`, `"1h30m"`, `"250ms"`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+\Z")


def parse_duration(value: timedelta | float | str) -> timedelta:
    """A timedelta from a timedelta, a number of seconds, or a text such as `"1h30m"`; ValueError says what is legal."""
    if isinstance(value, timedelta):
        return value
    try:
        if isinstance(value, str):
            text = value.strip().lower()
            if _WHOLE.match(text):
                return timedelta(seconds=sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)))
            return timedelta(seconds=float(text))
        if not isinstance(value, bool):
            return timedelta(seconds=float(value))
    except (ValueError, TypeError, OverflowError):
        pass
    raise ValueError(f'{value!r} is not a duration; write it like "250ms", "5s", "1m", "24h" or "1h30m"')


def format_duration(value: timedelta) -> str:
    """A text that `parse_duration` reads back as `value`, to the millisecond, such as `1m30s`; never negative."""
    milliseconds = round(value.total_seconds() * 1000)
    if milliseconds == 0:
        return "0s"
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
