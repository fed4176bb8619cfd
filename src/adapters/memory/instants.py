"""Aware instants and durations as the whole numbers in which this adapter keeps them, counted since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


def milliseconds(value: datetime | timedelta) -> int:
    """Whole milliseconds, rounded down: since 1970 for an instant, long for a duration."""
    return _span(value) // _MILLISECOND


def microseconds(value: datetime | timedelta) -> int:
    """Whole microseconds: since 1970 for an instant, long for a duration."""
    return _span(value) // _MICROSECOND


def _span(value: datetime | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else value - _EPOCH
