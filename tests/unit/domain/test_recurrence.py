"""What a recurrence may be, and what each mistake is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.recurrence.cron_expression import ALIASES, CronExpression
from hexjobs.domain.recurrence.recurrence import Recurrence

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "0 0 1 1 0",
        "59 23 31 12 7",
        "*/5 0-6/2 1,15,L jan-mar mon-fri",
        "5/15 * LW * 5L",
        "0 9 * * fri#2,1#1",
        "*/10 30 2 * * *",
        " 0  2 * * * ",
        "@Daily",
        "@every 90s",
        *ALIASES,
    ],
)
def test_what_the_grammar_has_is_well_formed(cron: str) -> None:
    """Names, ranges, steps, lists, L, LW, #, six fields, aliases, intervals."""
    Recurrence(cron=cron).check()


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("", ["has 0 fields", "write five"]),
        ("5", ["has 1 field:"]),
        ("0 0 * * * * *", ["has 7 fields"]),
        ("60 0 * * *", ["minute '60' (character 1)", "0 to 59"]),
        ("0 24 * * *", ["hour '24' (character 3)", "0 to 23"]),
        ("0 0 0 * *", ["day of month '0' (character 5)", "1 to 31"]),
        ("0 0 1 13 *", ["month '13' (character 7)", "1 to 12"]),
        ("0 0 * * 8", ["weekday '8' (character 9)", "0 to 7"]),
        ("60 0 0 * * *", ["second '60' (character 1)"]),
        ("  0 0 * * 1,x", ["weekday 'x' (character 13)", "SUN to SAT"]),
        ("0 0 * * MOND", ["did you mean 'MON'?"]),
        ("0 0 * JULY *", ["month 'JULY'", "did you mean 'JUL'?"]),
        ("1,,2 * * * *", ["minute '' (character 3) is empty", "extra comma"]),
        ("*/0 * * * *", ["'*/0'", "not a number from 1"]),
        ("*/x * * * *", ["'*/x'", "write it like */5"]),
        ("*/61 * * * *", ["longer than the field", "every"]),
        ("30-10 * * * *", ["goes down: write 30-59,0-10"]),
        ("0 0 * * FRI-SUN", ["goes down: write 5-7"]),
        ("0 0 * * SAT-TUE", ["goes down: write 6-7,1-2"]),
        ("1-2-3 * * * *", ["minute '1-2-3'"]),
        ("-5 * * * *", ["minute '-5'"]),
        ("\u0661 * * * *", ["minute", "is not a number"]),
        ("0 0 ? * 1", ["'?' (character 5) is not supported: write *"]),
        ("0 0 15W * *", ["'15W'", "LW for the last working day"]),
        ("0 0 L-3 * *", ["'L-3'"]),
        ("0 0 * * 5#6", ["'5#6'"]),
        ("0 0 * * L", ["weekday 'L'"]),
        ("L * * * *", ["minute 'L'"]),
        ("@dayly", ["is not known; did you mean '@daily'?"]),
        ("@reboot", ["is not supported: submit the job where the program starts"]),
        ("@every soon", ["'@every soon' is not an interval", "1h30m"]),
        ("@every 0s", ["is not between 1s and 36525 days"]),
        ("1," * 200 + "1 * * * *", ["longer than 256 characters"]),
    ],
)
def test_a_bad_expression_is_told_the_field_the_place_and_the_remedy(cron: str, words: list[str]) -> None:
    """One problem each."""
    [problem] = refused(cron=cron)
    assert problem.startswith("cron: ")
    assert [word for word in words if word not in problem] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ["cron: give either cron", "every"]),
        ({"cron": "@daily", "every": timedelta(hours=1)}, ["cron: give either cron"]),
        ({"cron": 5}, ["cron: 5 is not a text"]),
        ({"every": timedelta(0)}, ["every: 0:00:00 is not between 1s"]),
        ({"every": timedelta(milliseconds=999)}, ["every: ", "is not between 1s"]),
        ({"every": timedelta(seconds=1, microseconds=1)}, ["every: ", "whole number of milliseconds"]),
        ({"every": "90s"}, ["every: '90s' is not a timedelta"]),
        ({"cron": "@daily", "timezone": "Europe/Berlim"}, ["timezone: ", "did you mean 'Europe/Berlin'?"]),
        ({"cron": "@daily", "timezone": "Europe"}, ["timezone: 'Europe' is not an IANA time zone"]),
        ({"cron": "@daily", "timezone": "../etc/passwd"}, ["timezone: "]),
        ({"cron": "@daily", "timezone": "localtime"}, ["timezone: "]),
        ({"cron": "@daily", "timezone": ""}, ["timezone: "]),
        ({"cron": "@daily", "timezone": None}, ["timezone: None"]),
        ({"cron": "@daily", "start": NOON.replace(tzinfo=None)}, ["start: ", "give an aware datetime"]),
        ({"cron": "@daily", "end": NOON.replace(year=9999)}, ["end: ", "leave it out"]),
        ({"cron": "@daily", "start": NOON, "end": NOON - timedelta(1)}, ["end: ", "before the start"]),
        ({"cron": "@daily", "limit": 0}, ["limit: 0 is not a whole number from 1"]),
        ({"cron": "@daily", "limit": True}, ["limit: True"]),
        ({"cron": "@daily", "jitter": timedelta(0)}, ["jitter: "]),
        ({"cron": "@daily", "exclude": "2026-12-25"}, ["exclude: must be a list"]),
        ({"cron": "@daily", "exclude": ("2026-12-25", "25.12.")}, ["exclude.1: '25.12.' is neither a date"]),
        (
            {"cron": "@daily", "exclude": ("2026-02-29",)},
            ["exclude.0: '2026-02-29' is no date", "day is out"],
        ),
        (
            {"cron": "@daily", "exclude": ("@every 5m",)},
            ["exclude.0: ", "an interval, not a cron expression"],
        ),
        ({"cron": "@daily", "exclude": (None,)}, ["exclude.0: None is not a text"]),
    ],
)
def test_each_other_mistake_is_told_its_field(fields: dict[str, Any], words: list[str]) -> None:
    """One problem each."""
    [problem] = refused(**fields)
    assert [word for word in words if word not in problem] == []


def test_all_mistakes_are_told_at_once() -> None:
    """Also several in one expression."""
    problems = refused(cron="61 25 * * *", timezone="Mars", limit=0, exclude=("x",))
    assert [problem.partition(":")[0] for problem in problems] == [
        "cron",
        "cron",
        "timezone",
        "limit",
        "exclude.0",
    ]


@pytest.mark.parametrize(
    ("cron", "fixed"),
    [
        ("30 2 * * *", True),
        ("0,30 2,14 1-7 */2 MON-FRI", True),
        ("0 30 2 * * *", True),
        ("@daily", True),
        ("@hourly", False),
        ("*/30 2 * * *", False),
        ("0 1-5 * * *", False),
        ("0,10-20 2 * * *", False),
        ("5/15 2 * * *", False),
        ("0 */6 * * *", False),
        ("* 30 2 * * *", False),
    ],
)
def test_a_fixed_time_has_numbers_alone_in_second_minute_and_hour(cron: str, fixed: bool) -> None:
    """Lists of them too; the dates do not matter."""
    assert CronExpression(cron).is_fixed is fixed


def test_an_interval_may_be_written_as_cron() -> None:
    """It is one, and no expression."""
    recurrence = Recurrence(cron="@every 1h30m")
    assert (recurrence.interval, recurrence.expression) == (timedelta(minutes=90), None)
    recurrence = Recurrence(cron="@daily")
    assert recurrence.interval is None
    assert recurrence.expression == CronExpression("@daily")


def refused(**fields: Any) -> list[str]:
    """The problems of a recurrence."""
    with pytest.raises(InvalidJob) as caught:
        Recurrence(**fields).check()
    return [str(problem) for problem in caught.value.problems]
