"""The instants of cron expressions, where cronsim alone would have others, and what it is given to read."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import example, given
from hypothesis import strategies as st

from hexjobs.application.recurring.cron_times import CronTimes
from hexjobs.domain.recurrence.cron_expression import CronExpression
from hexjobs.domain.recurrence.local_clock import LocalClock

TERMS = st.sampled_from(
    [
        "*",
        "0",
        "1",
        "5",
        "7",
        "12",
        "23",
        "30",
        "31",
        "59",
        "60",
        "*/2",
        "*/7",
        "1-5",
        "5-1",
        "1/3",
        "1-6/2",
        "L",
        "LW",
        "5L",
        "MON",
        "FRI#2",
        "1#5",
        "5#6",
        "FEB",
        "JAN-APR",
        "?",
        "15W",
        "x",
        "/2",
    ]
)
FIELD = st.lists(TERMS, min_size=1, max_size=3).map(",".join)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # cronsim 2.8 leaves the day out: it has no rule for gaps in six fields.
        ("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
        # It answers with 00:30, the second time, for the same reason.
        ("0 30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
        # It answers with 00:30, which is over: from the second pass of the overlap it goes back to the first.
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15", "2026-10-26T01:30"),
        # It answers with 16:30: after the gap it steps whole hours from half past two.
        ("*/10 3 * * *", "Australia/Lord_Howe", "2026-10-03T15:35", "2026-10-03T16:00"),
        # It answers with 03:00 on the 4th, when the clocks show 01:00: no clock shows that midnight.
        ("*/30 0 4 * *", "America/Sao_Paulo", "2018-10-29T12:00", "2018-12-04T02:00"),
        # It answers with 02:00: a range of hours does not start with a star.
        ("0 1-5 * * *", "Europe/Berlin", "2026-10-25T00:00", "2026-10-25T01:00"),
    ],
)
def test_where_cronsim_goes_wrong_the_policy_holds(cron: str, zone: str, after: str, expected: str) -> None:
    """Times in UTC; with what cronsim would say, given the zone."""
    times = CronTimes(CronExpression(cron), LocalClock(ZoneInfo(zone)))
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = times.following(round(moment.timestamp()))
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M") == expected


@given(st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD).map(" ".join), st.booleans())
@example(text="* * LW * */7", with_seconds=False)  # the last weekday of a month, where it is a Sunday
@example(text="* * 31 FEB *", with_seconds=True)
def test_what_is_found_well_formed_cronsim_can_read(text: str, with_seconds: bool) -> None:
    """It refuses such a text only where the calendar has no such date; else, with UTC, it has the same instant, or none too."""
    expression = CronExpression(f"0 {text}" if with_seconds else text)
    if expression.problems:
        return
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = CronTimes(expression, LocalClock(ZoneInfo("UTC")))
    found = times.following(round(start.timestamp()))
    if found is not None:
        assert next(CronSim(text, start)) == datetime.fromtimestamp(found, UTC)
        return
    try:
        with pytest.raises(StopIteration):
            next(CronSim(text, start))
    except CronSimError:
        days, months, weekdays = expression.fields[3:]
        assert set(months.split(",")) == {"FEB"}
        assert set(days.split(",")) <= {"30", "31"}
        assert weekdays.startswith("*")


@pytest.mark.parametrize(
    ("cron", "local", "matched"),
    [
        ("30 2 * * *", "2026-05-01 02:30:59", True),
        ("30 2 * * *", "2026-05-01 02:31:00", False),
        ("0 30 2 * * *", "2026-05-01 02:30:59", False),
        ("0 30 2 * * *", "2026-05-01 02:30:00", True),
        ("* * * 5 FRI", "2026-05-01 23:59:00", True),
        ("* * 31 2 *", "2026-05-01 00:00:00", False),
    ],
)
def test_a_local_time_matches_to_the_minute_or_to_the_second(cron: str, local: str, matched: bool) -> None:
    """By the number of fields."""
    times = CronTimes(CronExpression(cron), LocalClock(ZoneInfo("UTC")))
    assert times.matches(datetime.fromisoformat(local)) is matched
