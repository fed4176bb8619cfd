"""Clock: an instant and its milliseconds are of one time, whichever clock tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.testing.frozen_clock import FrozenClock, StandingClock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_the_milliseconds_of_the_system_are_those_of_its_instant() -> None:
    """Read between two instants, whole, rounded down."""
    clock = SystemClock()
    before, milliseconds, after = clock.now(), clock.milliseconds(), clock.now()
    assert before - timedelta(milliseconds=1) < EPOCH + timedelta(milliseconds=milliseconds) <= after


def test_the_milliseconds_of_a_frozen_clock_are_rounded_down() -> None:
    """Those who wait have the same time, and they advance with it."""
    clock = FrozenClock(EPOCH + timedelta(days=1, microseconds=7_999))
    assert clock.milliseconds() == StandingClock(clock).milliseconds() == 86_400_007
    clock.advance(timedelta(microseconds=1))
    assert clock.milliseconds() == 86_400_008
