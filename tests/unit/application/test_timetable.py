"""Starts, ends, limits, exclusions, jitter, marks, and schedules that would never be due."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from hexjobs.application.recurring.timetable import Timetable
from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.recurrence.recurrence import Recurrence

DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ms(text: str) -> int:
    """Its milliseconds since 1970."""
    return round(at(text).timestamp() * 1000)


def due(after: str, most: int, *, anchor: int = 0, fired: int = 0, **fields: Any) -> list[str]:
    """The instants of a recurrence after a time, in UTC."""
    found = Timetable(Recurrence(**fields), anchor=anchor).instants(ms(after), most, fired)
    return [
        datetime.fromtimestamp(instant / 1000, UTC).isoformat(" ").removesuffix("+00:00") for instant in found
    ]


def test_instants_come_strictly_after() -> None:
    """To the millisecond."""
    table = Timetable(Recurrence(cron="* * * * *"))
    assert table.following(ms("2026-01-01 00:00")) == ms("2026-01-01 00:01")
    assert table.following(ms("2026-01-01 00:00") - 1) == ms("2026-01-01 00:00")
    assert table.following(ms("2026-01-01 00:00") + 59_999) == ms("2026-01-01 00:01")


def test_start_and_end_are_the_first_and_last_that_may_be_due() -> None:
    """Both are inside; a start within a millisecond counts as the next one."""
    bounds: dict[str, Any] = {"start": at("2026-01-03 00:00"), "end": at("2026-01-05 00:00")}
    found = due("2025-01-01 00:00", 9, cron="@daily", **bounds)
    assert found == ["2026-01-03 00:00:00", "2026-01-04 00:00:00", "2026-01-05 00:00:00"]
    bounds["start"] += timedelta(microseconds=1)
    bounds["end"] -= timedelta(microseconds=1)
    assert due("2025-01-01 00:00", 9, cron="@daily", **bounds) == ["2026-01-04 00:00:00"]


def test_a_limit_counts_the_fires_so_far() -> None:
    """And those that are listed."""
    assert len(due("2026-01-01 00:00", 9, cron="@daily", limit=3)) == 3
    assert len(due("2026-01-01 00:00", 9, cron="@daily", limit=3, fired=2)) == 1
    assert due("2026-01-01 00:00", 9, cron="@daily", limit=3, fired=3) == []


def test_an_interval_counts_from_its_start_or_from_its_anchor() -> None:
    """Whenever one looks; the start itself is due, and so is an anchor that lies ahead."""
    every = timedelta(hours=7)
    start = at("2026-01-01 00:30")
    assert due("2025-06-01 00:00", 2, every=every, start=start) == [
        "2026-01-01 00:30:00",
        "2026-01-01 07:30:00",
    ]
    assert due("2026-01-01 07:30", 1, every=every, start=start) == ["2026-01-01 14:30:00"]
    anchor = ms("2026-01-01 00:30")
    assert due("2026-01-01 00:30", 1, every=every, anchor=anchor) == ["2026-01-01 07:30:00"]
    assert due("2026-01-01 00:00", 1, cron="@every 7h", anchor=anchor) == ["2026-01-01 00:30:00"]
    years = due("2076-01-01 00:00", 2, every=every, anchor=anchor)
    assert (at(years[0]) - start) % every == timedelta(0)
    assert at(years[1]) - at(years[0]) == every


def test_excluded_dates_are_those_of_the_zone() -> None:
    """From midnight to midnight there."""
    fields: dict[str, Any] = {
        "cron": "0 */6 * * *",
        "timezone": "Asia/Tokyo",
        "exclude": ("2026-05-02", "2026-05-03"),
    }
    assert due("2026-05-01 08:00", 2, **fields) == ["2026-05-01 09:00:00", "2026-05-03 15:00:00"]


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ({"cron": "0 * * * *", "exclude": ("* 0-5 * * *",)}, "2026-01-01 00:30", "2026-01-01 06:00:00"),
        ({"cron": "* * * * * *", "exclude": ("* * * 8 *",)}, "2026-07-31 23:59:59", "2026-09-01 00:00:00"),
        (
            {"cron": "* * * * * *", "exclude": ("* * * * * SUN",)},
            "2026-01-03 23:59:59",
            "2026-01-05 00:00:00",
        ),
        (
            {"cron": "* * * * * *", "exclude": ("0-29 * * * * *",)},
            "2026-01-01 00:00:59",
            "2026-01-01 00:01:30",
        ),
        ({"cron": "* * * * * *", "exclude": ("5 * * * *",)}, "2026-01-01 00:04:59", "2026-01-01 00:06:00"),
        (
            {"cron": "0 0 * * *", "exclude": ("0 0 * * 6", "@monthly")},
            "2026-01-30 00:00",
            "2026-02-02 00:00:00",
        ),
        (
            {"every": timedelta(seconds=90), "exclude": ("* 0 1 1 *",)},
            "2026-01-01 00:00",
            "2026-01-01 01:00:00",
        ),
        (
            {"cron": "*/10 * * * *", "timezone": "Europe/Berlin", "exclude": ("* 2 * * *",)},
            "2026-10-24 23:50",
            "2026-10-25 02:00:00",
        ),
        (  # 00:01 goes back to 23:01: what is left of the excluded hour is shorter than it seems
            {"cron": "* * * * *", "timezone": "America/St_Johns", "exclude": ("* 0 7 11 *",)},
            "2010-11-07 02:29",
            "2010-11-07 02:31:00",
        ),
    ],
)
def test_what_a_further_expression_matches_is_left_out(
    fields: dict[str, Any], after: str, expected: str
) -> None:
    """By the minute or the second that the local clock shows; months of seconds are passed in few steps."""
    assert due(after, 1, **fields) == [expected]


def test_jitter_is_less_than_its_length_and_than_the_way_to_the_next_instant() -> None:
    """The same for each that makes the timetable, another for another schedule; what is due leads back to the instant."""
    recurrence = Recurrence(cron="0,10 * * * *", jitter=timedelta(minutes=20))
    table, twin, other = (Timetable(recurrence, name=name) for name in ("a", "a", "b"))
    instants = table.instants(ms("2026-01-01 00:00"), 200)
    dues = [table.due(instant) for instant in instants]
    shifts = [late - instant for late, instant in zip(dues, instants, strict=True)]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert dues == [twin.due(instant) for instant in instants]
    assert dues != [other.due(instant) for instant in instants]
    assert all(0 <= late < gap for late, gap in zip(shifts, gaps, strict=False))
    assert max(shifts) > 10 * 60_000
    assert max(shifts) < 20 * 60_000
    assert sum(shifts) / len(shifts) == pytest.approx(7.5 * 60_000, rel=0.2)
    assert [table.instant_of(late) for late in dues] == instants
    with pytest.raises(ValueError, match="no job of 'a' is due"):
        table.instant_of(dues[0] + 1)


def test_jitter_is_the_same_in_every_process() -> None:
    """Python's own hash would not be."""
    code = (
        "from datetime import timedelta\n"
        "from hexjobs.application.recurring.timetable import Timetable\n"
        "from hexjobs.domain.recurrence.recurrence import Recurrence\n"
        "print(Timetable(Recurrence(cron='@daily', jitter=timedelta(hours=1)), name='n').due(1767225600000))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    table = Timetable(Recurrence(cron="@daily", jitter=timedelta(hours=1)), name="n")
    assert int(done.stdout) == table.due(1767225600000)
    assert Timetable(Recurrence(cron="@daily")).due(1767225600000) == 1767225600000


def test_a_gap_marks_what_was_moved_and_nothing_else() -> None:
    """A schedule that is due at its end anyway, a rhythm and an interval are not."""
    end = ms("2026-03-29 01:00")
    for cron, mark in {
        "30 2 * * *": "gap",
        "30 2,3 * * *": "gap",
        "0 2,3 * * *": "gap",
        "0 3 * * *": None,
        "0 * * * *": None,
        "@every 1h": None,
    }.items():
        table = Timetable(Recurrence(cron=cron, timezone="Europe/Berlin"))
        assert table.following(end - 1) == end
        assert table.clock_change(end) == mark, cron


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"cron": "0 0 31 2 *"}, "cron", ["never fires", "'31' (character 5) and month '2' (character 8)"]),
        ({"cron": "0 0 0 30 FEB */2"}, "cron", ["'30' (character 7)", "'FEB'", "weekday '*/2'"]),
        ({"cron": "0 0 31 4,6,9,11 *"}, "cron", ["never fires"]),
        (
            {"cron": "@daily", "end": at("2025-06-01 00:00")},
            "end",
            ["before the next instant, 2026-01-01T00:00"],
        ),
        ({"cron": "0 0 29 2 *", "end": at("2027-06-01 00:00")}, "end", ["2028-02-29"]),
        ({"cron": "*/5 * * * *", "exclude": ("* * * * *",)}, "exclude", ["leaves nothing"]),
        ({"cron": "0 2 * * 6,7", "exclude": ("* * * * 6", "* * * * SUN")}, "exclude", ["leaves nothing"]),
        (
            {
                "cron": "@daily",
                "exclude": ("2026-01-02",),
                "start": at("2026-01-01 01:00"),
                "end": at("2026-01-02 09:00"),
            },
            "exclude",
            ["up to the end"],
        ),
        ({"every": DAY, "exclude": ("0 0 * * *",)}, "exclude", ["leaves nothing"]),
    ],
)
def test_what_would_never_be_due_is_refused(fields: dict[str, Any], field: str, words: list[str]) -> None:
    """By the field that prevents it."""
    table = Timetable(Recurrence(**fields))
    with pytest.raises(InvalidJob) as refused:
        table.check(ms("2025-12-31 12:00"))
    [problem] = refused.value.problems
    assert problem.field == field
    assert [word for word in words if word not in problem.message] == []


def test_what_is_due_some_day_is_not_refused() -> None:
    """However seldom."""
    for recurrence in (
        Recurrence(cron="0 0 29 2 *", exclude=("2028-02-29", "2032-02-29")),
        Recurrence(cron="0 0 * 2 MON#5"),
        Recurrence(cron="0 0 31 2 MON"),
        Recurrence(cron="* * * * *", exclude=("* * * 1-11 *", "* 1-23 * * *")),
        Recurrence(cron="@daily", limit=1),
    ):
        Timetable(recurrence).check(ms("2026-01-01 00:00"))
    august: dict[str, Any] = {"cron": "*/5 * * * *", "exclude": ("*/5 * * 8 *",)}
    assert due("2026-07-31 23:55", 1, **august) == ["2026-09-01 00:00:00"]


def test_a_timetable_is_of_a_well_formed_recurrence() -> None:
    """It cannot be made of another."""
    with pytest.raises(InvalidJob, match="minute '61'"):
        Timetable(Recurrence(cron="61 * * * *"))
