"""What the clocks of a zone show, and when a local time is due."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hexjobs.domain.recurrence.local_clock import LocalClock


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("UTC", "2026-03-29 02:30", "2026-03-29 02:30"),
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 02:59", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00"),
        ("Europe/Berlin", "2026-10-25 02:59", "2026-10-25 00:59"),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-30 23:59", "2011-12-30 10:00"),
        ("Europe/Berlin", "2100-03-28 02:30", "2100-03-28 01:00"),
        ("Africa/Monrovia", "1972-01-07 00:30", "1972-01-07 00:44:30"),
    ],
)
def test_a_local_time_is_due_first_or_at_the_end_of_its_gap(zone: str, local: str, instant: str) -> None:
    """To the second, also where a gap is a day long, or 44 minutes and 30 seconds, or beyond the tables of the database."""
    found = LocalClock(ZoneInfo(zone)).instant(datetime.fromisoformat(local))
    assert datetime.fromtimestamp(found, UTC) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_the_next_change_is_found_to_the_second() -> None:
    """After one bound, up to and with the other."""
    clock = LocalClock(ZoneInfo("Europe/Berlin"))
    change = seconds("2026-03-29 01:00")
    assert clock.next_change(seconds("2025-11-01 00:00"), seconds("2026-05-01 00:00")) == change
    assert clock.next_change(change - 1, change) == change
    assert clock.next_change(change - 2, change - 1) is None
    assert clock.next_change(change, seconds("2026-10-25 00:59")) is None
    assert clock.next_change(change, change - 1) is None


def test_what_a_change_does_to_an_instant_is_told() -> None:
    """The end of a gap, both passes of an overlap, and nothing beside them."""
    clock = LocalClock(ZoneInfo("Australia/Lord_Howe"))
    spring = seconds("2026-10-03 15:30")
    assert [clock.skipped_before(spring + shift) for shift in (-1, 0, 1)] == [0, 1800, 0]
    assert [clock.change_at(spring + shift) for shift in (-1, 0, 1)] == [None, "gap", None]
    autumn = seconds("2026-04-04 15:00")
    marks = [clock.change_at(autumn + shift) for shift in (-1801, -1800, -1, 0, 1799, 1800)]
    assert marks == [None, "overlap", "overlap", "overlap", "overlap", None]
    assert clock.skipped_before(autumn) == 0


def seconds(text: str) -> int:
    """Since 1970, of a time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
