"""Recurrences across the clock changes of the zones of the tz database, against a reckoning that walks the minutes.

The normal run takes some zones and some of their changes, always the same; `make zones` takes all, 1990 to 2037.
"""

from __future__ import annotations

import os
import random
import zlib
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from hexjobs.application.recurring.timetable import Timetable
from hexjobs.domain.recurrence.recurrence import Recurrence
from support.slow_cron import SlowCron, changes

WHOLE = os.environ.get("ZONES") == "all"
ZONES = sorted(name for name in available_timezones() if name != "localtime")
HARD = [
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Moscow",
    "Pacific/Apia",
]
CHOSEN = ZONES if WHOLE else sorted({*HARD, *random.Random(5).sample(ZONES, 30)})
FEW = 10_000 if WHOLE else 5
EXPRESSIONS = 5 if WHOLE else 4


def choose(dice: random.Random, before: datetime, after: datetime) -> str:
    """An expression that has something to do near a change from local time `before` to local time `after`."""
    near = sorted({(time + timedelta(hours=hours)).hour for time in (before, after) for hours in (-1, 0, 1)})
    hours = ",".join(map(str, dice.sample(near, dice.randint(1, 2))))
    minute = dice.choice([0, 1, 15, 30, 45, 59, after.minute, dice.randrange(60)])
    low, high = sorted(dice.sample(near, 2))
    times = [
        f"{minute} {hours}",
        f"{minute} {hours}",
        f"{minute},{dice.randrange(60)} {hours}",
        f"{minute} *",
        f"*/{dice.choice([7, 15, 20, 30])} {dice.choice(['*', hours])}",
        f"{minute} {low}-{high}",
        f"{dice.randrange(30)}-{dice.randrange(30, 60)}/9 {hours}",
        f"{minute} */{dice.choice([2, 3, 6])}",
    ]
    weekday = after.isoweekday()
    dates = ["* * *"] * 4 + [
        f"{after.day} * *",
        f"{before.day},L * *",
        f"* {after.month} {weekday}",
        f"* * {weekday % 7}#{(after.day - 1) // 7 + 1}",
        f"* * {weekday % 7}L",
        f"{before.day} * {weekday}",
        f"*/2 * {weekday}-7",
    ]
    return f"{dice.choice(times)} {dice.choice(dates)}"


@pytest.mark.parametrize("name", CHOSEN)
def test_the_instants_around_a_change_are_those_of_the_slow_walk(name: str) -> None:
    """Fixed times once, rhythms whenever the clock shows them; with six fields and an exclusion now and then."""
    zone = ZoneInfo(name)
    dice = random.Random(zlib.crc32(name.encode()))
    found = changes(zone, 1990, 2037, timedelta(hours=6) if WHOLE else timedelta(days=2))
    assert all(later - earlier > timedelta(days=6) for earlier, later in pairwise(found)), (
        "LocalClock strides over it"
    )
    for change in sorted(dice.sample(found, min(FEW, len(found)))):
        before = (change - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        after = change.astimezone(zone).replace(tzinfo=None)
        around = abs(after - before) + timedelta(hours=3)
        start, end = change - around, change + around
        for _ in range(EXPRESSIONS):
            expression = choose(dice, before, after)
            slow = SlowCron(expression).due(zone, start, end)
            left_out = f"* {after.hour} * * *" if dice.random() < 0.15 else ""
            if left_out:
                excluded = SlowCron(left_out)
                slow = [
                    due for due in slow if not excluded.matches(due.astimezone(zone).replace(tzinfo=None))
                ]
            recurrence = Recurrence(
                cron=f"0 {expression}" if dice.random() < 0.3 else expression,
                timezone=name,
                end=end,
                exclude=(left_out,) if left_out else (),
            )
            timetable = Timetable(recurrence)
            fast = timetable.instants(milliseconds(start) - 1, 10_000)
            assert [moment(due) for due in fast] == slow, (name, change, recurrence)
            look = start + dice.randrange(round(2 * around.total_seconds())) * timedelta(seconds=1)
            rest = slow[bisect_right(slow, look) :]
            assert timetable.following(milliseconds(look)) == (milliseconds(rest[0]) if rest else None)


def milliseconds(time: datetime) -> int:
    """Since 1970."""
    return round(time.timestamp() * 1000)


def moment(instant: int) -> datetime:
    """The reverse."""
    return datetime.fromtimestamp(instant / 1000, UTC)
