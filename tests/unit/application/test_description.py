"""Recurrences in plain language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexjobs.application.recurring.description import describe
from hexjobs.domain.recurrence.recurrence import Recurrence


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("30 2 * * 1", "at 02:30, only on Monday"),
        ("*/15 * * * *", "every 15 minutes"),
        ("@hourly", "every hour"),
        ("0 9 L * *", "at 09:00, on the last day of the month"),
        ("0 9 * * fri#2", "at 09:00, on the second Friday of the month"),
        ("0 30 2 * * *", "at 02:30"),
        ("*/10 * * * * *", "every 10 seconds"),
        ("0 0 13 * FRI", "at 00:00, on day 13 of the month, or on Friday"),
        ("0 0 1 1 0", "at 00:00, on day 1 of the month, or on Sunday, only in January"),
        ("30 2 */2 * 1", "at 02:30, every 2 days, only if also on Monday"),
        ("0 0 1-7 JAN-MAR */2", None),
        ("0 0 */1 * 1", "at 00:00, only on Monday"),
    ],
)
def test_an_expression_is_put_into_words(cron: str, words: str | None) -> None:
    """With the day fields as they are meant, where the library says "or" for both."""
    said = describe(Recurrence(cron=cron, timezone="Europe/Berlin"))
    if words is None:
        words = "at 00:00, between day 1 and 7 of the month, only if also every 2 days of the week, January through March"
    assert said == f"{words}, in Europe/Berlin"


def test_intervals_bounds_and_exclusions_are_said() -> None:
    """Each that is there."""
    every: dict[str, Any] = {"every": timedelta(seconds=90)}
    assert describe(Recurrence(**every)) == "every 1m30s"
    said = describe(
        Recurrence(
            **every,
            start=datetime(2026, 1, 1, 12, tzinfo=UTC),
            end=datetime(2027, 1, 1, 12, tzinfo=UTC),
            limit=5,
            exclude=("2026-12-25", "* 0-5 * * *", "2026-12-26"),
            jitter=timedelta(seconds=30),
        )
    )
    assert said == (
        "every 1m30s; from 2026-01-01 12:00:00 UTC; until 2027-01-01 12:00:00 UTC; at most 5 times; except on 2026-12-25, "
        "2026-12-26; except every minute, between 00:00 and 05:59; put off by less than 30s"
    )
    many = tuple(f"2026-12-{day:02}" for day in range(1, 31))
    listed = "2026-12-01, 2026-12-02, 2026-12-03, 2026-12-04, 2026-12-05 and 25 more dates"
    assert describe(Recurrence(**every, exclude=many, limit=1)) == f"every 1m30s; once; except on {listed}"
