"""Durations as people write them."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexjobs.domain.duration import format_duration, parse_duration

whole_milliseconds = st.integers(0, 10**12).map(lambda number: timedelta(milliseconds=number))


@given(whole_milliseconds)
def test_what_is_written_is_read_back(duration: timedelta) -> None:
    """To the millisecond."""
    assert parse_duration(format_duration(duration)) == duration


@given(st.timedeltas(timedelta(0), timedelta(days=5000)))
def test_writing_rounds_to_the_millisecond(duration: timedelta) -> None:
    """And no further."""
    assert abs(parse_duration(format_duration(duration)) - duration) <= timedelta(microseconds=500)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("5s", 5),
        ("1m", 60),
        ("24h", 86400),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2d", 172800),
        ("1w", 604800),
        (" 5S ", 5),
        ("90", 90),
        ("0.5", 0.5),
        ("0", 0),
        ("1m500ms", 60.5),
        (7, 7),
        (2.5, 2.5),
        (timedelta(minutes=3), 180),
    ],
)
def test_what_is_legal(text: Any, seconds: float) -> None:
    """Texts, numbers of seconds, timedeltas."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "5x",
        "5 s",
        "s",
        "1h-30m",
        "5s!",
        "nan",
        "inf",
        "1e400",
        "9" * 30 + "w",
        True,
        None,
        [5],
        b"5s",
    ],
)
def test_what_is_not(value: Any) -> None:
    """ValueError says how to write it."""
    with pytest.raises(ValueError, match=r'is not a duration; write it like "250ms", "5s"'):
        parse_duration(value)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other error comes out."""
    with contextlib.suppress(ValueError):
        assert isinstance(parse_duration(text), timedelta)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (5, "5s"), (60, "1m"), (86400, "1d"), (5400.25, "1h30m250ms")]
)
def test_how_it_is_written(seconds: float, text: str) -> None:
    """Units from the largest on, none twice."""
    assert format_duration(timedelta(seconds=seconds)) == text
