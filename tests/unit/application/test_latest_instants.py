"""The latest instants before a time, and those whose job is due after one, against a walk over all of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from hexjobs.application.recurring.make_plan import make_plan
from hexjobs.application.recurring.timetable import Timetable

DAY = 86_400_000
BEGIN = int(datetime(2026, 3, 27, tzinfo=UTC).timestamp()) * 1000
RHYTHMS: list[dict[str, Any]] = [
    {"every": "7m"},
    {"every": "1h", "start": datetime(2026, 3, 28, 5, tzinfo=UTC)},
    {"cron": "*/30 2 * * *", "timezone": "Europe/Berlin"},
    {"cron": "0,15 9-17 * * 1-5", "exclude": ["* 12 * * *"], "end": datetime(2026, 3, 31, 12, tzinfo=UTC)},
    {"cron": "* * 28 * *"},
    {"cron": "*/10 * * * * *", "exclude": ["* 0-22 * * *"]},
    {"cron": "0 0 31 12 *"},
]


@pytest.mark.parametrize("words", RHYTHMS)
@pytest.mark.parametrize("jitter", [None, "20m", "400d"])
def test_they_are_the_last_of_a_walk(words: dict[str, Any], jitter: str | None) -> None:
    """At random times, up to random bounds; `pending` and `instant_of` likewise."""
    dice = Random(f"{words}{jitter}")
    table = Timetable(make_plan(**words, jitter=jitter).recurrence, name="s", anchor=BEGIN - DAY)
    walked = table.between(BEGIN - DAY, BEGIN + 6 * DAY - 1, 100_000) or []
    dues = {instant: table.due(instant) for instant in walked}
    for _ in range(12):
        after, until = sorted(dice.randrange(BEGIN - DAY, BEGIN + 5 * DAY) for _ in range(2))
        if walked and dice.random() < 0.5:
            until = max(dice.choice(walked), after)
        most = dice.choice([1, 2, 10, 1000])
        inside = [instant for instant in walked if after < instant <= until]
        assert table.latest(until, most, after) == inside[-most:]
        assert table.between(after, until, most) == (inside if len(inside) <= most else None)
        later = [instant for instant in walked if dues[instant] > until]
        assert table.pending(until) == (later[0] if later else table.following(BEGIN + 6 * DAY - 1))
        assert table.next_due(until) == (dues[later[0]] if later else table.next_due(BEGIN + 6 * DAY - 1))
    for instant, due in list(dues.items())[:50]:
        assert table.instant_of(due) == instant
    if jitter and walked:
        with pytest.raises(ValueError, match="no job of 's' is due"):
            table.instant_of(dues[walked[0]] + 1)


@pytest.mark.parametrize("cron", ["* * * * * *", "* * * 1 * *", "0 2 * * *"])
def test_the_search_does_not_walk(cron: str) -> None:
    """A year of seconds, and a January of them from next winter's point of view."""
    table = Timetable(make_plan(cron=cron).recurrence)
    begun = time.process_time()
    found = table.latest(BEGIN + 300 * DAY, 100, BEGIN)
    assert time.process_time() - begun < 5, "a walk takes minutes"
    assert len(found) == 100
    assert found == table.instants(found[0] - 1, 100)


def test_jitter_brings_no_instant_from_before_the_schedule_was_made() -> None:
    """Also where it is longer than the interval; a limit that is reached brings none at all."""
    recurrence = make_plan(every="1h", jitter="59m").recurrence
    for name in "abcdefgh":
        table = Timetable(recurrence, name=name, anchor=BEGIN)
        assert table.pending(BEGIN) == BEGIN + 3_600_000
    limited = Timetable(make_plan(every="1h", jitter="59m", limit=2).recurrence, name="a", anchor=BEGIN)
    after = BEGIN + 3_600_000
    assert limited.pending(after, 1) is not None
    assert limited.pending(after, 2) is None
    assert limited.next_due(after, 2) is None


def test_a_start_that_jitter_puts_off_is_still_ahead() -> None:
    """Between the start and when its job is due it has not been."""
    start = datetime(2026, 3, 28, tzinfo=UTC)
    table = Timetable(make_plan(every="1h", jitter="59m", start=start).recurrence, name="a", anchor=BEGIN)
    first = BEGIN + DAY
    assert table.due(first) > first
    assert table.pending(table.due(first) - 1) == first
    assert table.pending(table.due(first)) == first + 3_600_000
    assert timedelta(milliseconds=table.due(first) - first) < timedelta(minutes=59)
