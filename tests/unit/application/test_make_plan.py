"""Plans in people's words, and as a store keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hexjobs.application.recurring.definition_of import definition_of
from hexjobs.application.recurring.fire_ids import fire_id, manual_id, told_time
from hexjobs.application.recurring.make_plan import make_plan
from hexjobs.application.recurring.plan_of import plan_of
from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.names import is_job_id

UUID7 = "019bffff-ffff-7000-8000-000000000000"


@pytest.mark.parametrize("every", [timedelta(seconds=90), 90, 90.0, "90", "90s", "1m30s"])
def test_durations_are_timedeltas_seconds_or_texts(every: Any) -> None:
    """All three mean the same."""
    plan = make_plan(every=every, jitter=every, grace=every)
    ninety = timedelta(seconds=90)
    assert (plan.recurrence.every, plan.recurrence.jitter, plan.grace) == (ninety, ninety, ninety)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (datetime(2026, 3, 1, 8, tzinfo=UTC), "2026-03-01T08:00:00+00:00"),
        ("2026-03-01T08:00+05:00", "2026-03-01T03:00:00+00:00"),
        ("2026-03-01T08:00", "2026-03-01T07:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        (date(2026, 7, 1), "2026-06-30T22:00:00+00:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),
        (" 2026-03-01T08:00:00.250 ", "2026-03-01T07:00:00.250000+00:00"),
    ],
)
def test_instants_are_aware_or_local_times_of_the_zone(written: Any, read: str) -> None:
    """One in a gap is its end; of two the first."""
    plan = make_plan(cron="@daily", timezone="Europe/Berlin", start=written, end="2030-01-01")
    assert plan.recurrence.start is not None
    assert plan.recurrence.start.astimezone(UTC).isoformat() == read


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ({}, ["cron"]),
        ({"cron": "@daily", "every": "1h"}, ["cron"]),
        ({"every": "soon", "jitter": [], "grace": "never"}, ["every", "jitter", "grace"]),
        ({"cron": "@daily", "start": "tomorrow", "end": 7}, ["start"]),
        ({"cron": "@daily", "end": 7}, ["end"]),
        ({"cron": "@daily", "start": datetime(2026, 1, 1)}, ["start"]),  # noqa: DTZ001  # that is refused
        ({"cron": "@daily", "timezone": "Europe/Berlim"}, ["timezone"]),
        ({"cron": "@daily", "exclude": "2026-12-25"}, ["exclude"]),
        ({"cron": "@daily", "exclude": ["2026-13-25"]}, ["exclude.0"]),
        ({"cron": "@daily", "misfire": "x", "overlap": "y", "backlog": 0}, ["misfire", "overlap", "backlog"]),
        ({"cron": "@daily", "limit": 0, "grace": -1}, ["limit", "grace"]),
        ({"cron": "@daily", "grace": None}, ["grace"]),
        ({"every": "999999999d"}, ["every"]),
    ],
)
def test_each_wrong_word_is_named(words: dict[str, Any], fields: list[str]) -> None:
    """As the field in which it was given."""
    with pytest.raises(InvalidJob) as caught:
        make_plan(**words)
    assert [problem.field for problem in caught.value.problems] == fields


@pytest.mark.parametrize(
    "words",
    [
        {"cron": "@every 90s"},
        {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "exclude": ["2026-12-25", "* * * 8 *"]},
        {"every": "1s", "start": "2026-03-01T08:00Z", "end": "2027-03-01T08:00Z", "limit": 3, "jitter": 0.5},
        {"every": "2h", "misfire": "run_all", "backlog": 7, "grace": 0, "overlap": "queue_one"},
    ],
)
def test_a_plan_comes_back_from_what_is_kept_of_it(words: dict[str, Any]) -> None:
    """Also through JSON."""
    plan = make_plan(**words)
    definition = definition_of("s", msgspec.Raw(b"{}"), plan, "code")
    kept = msgspec.json.decode(msgspec.json.encode(definition), type=type(definition))
    assert plan_of(kept) == plan


def test_bounds_between_two_milliseconds_move_inwards() -> None:
    """No instant outside them may be due."""
    odd = timedelta(microseconds=1)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    definition = definition_of(
        "s", msgspec.Raw(b"{}"), make_plan(cron="@daily", start=start + odd, end=end - odd), ""
    )
    assert definition.start == start.timestamp() * 1000 + 1
    assert definition.end == end.timestamp() * 1000 - 1


def test_the_ids_of_fires_tell_their_time() -> None:
    """And are legal for every name; those of anything else tell none."""
    assert fire_id("a" * 64, 4_102_444_800_000) == f"schedule:{'a' * 64}:2100-01-01T00:00:00Z"
    for instant in (0, 1_767_225_600_000, 1_767_225_600_500, 1_767_225_600_007):
        assert told_time(fire_id("s", instant)) == instant
    assert fire_id("s", 500) == "schedule:s:1970-01-01T00:00:00.500Z"
    assert told_time(manual_id("s", UUID7)) == int("019bffffffff", 16)
    longest = manual_id("a" * 64, UUID7)
    assert is_job_id(longest)
    for other in (
        "",
        "schedule",
        "schedule:s",
        "schedule:s:",
        "schedule:s:soon",
        "schedule:s:2026-01-01T00:00:00",
    ):
        assert told_time(other) is None
    assert told_time("schedule:s:manual:x") is None
    assert told_time("other:s:2026-01-01T00:00:00Z") is None
