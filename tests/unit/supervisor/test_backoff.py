"""Backoff: when the next child is started."""

from __future__ import annotations

from hexjobs.supervisor.backoff import Backoff


def test_the_first_death_costs_nothing_and_those_that_follow_ever_more() -> None:
    """Up to the longest wait."""
    backoff = Backoff(first=0.5, longest=3.0)
    assert [backoff.delay(0.1) for _ in range(6)] == [0.0, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_child_that_lived_for_a_while_is_forgiven() -> None:
    """Its death counts as the first one."""
    backoff = Backoff(settled=10.0)
    for _ in range(4):
        backoff.delay(0.1)
    assert [backoff.delay(10.0), backoff.delay(9.9)] == [0.0, 0.5]


def test_deaths_without_end_do_not_overflow() -> None:
    """A machine may be left alone for a year."""
    backoff = Backoff()
    assert max(backoff.delay(0.0) for _ in range(5000)) == 30.0
