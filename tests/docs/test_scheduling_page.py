"""docs/scheduling.md: each row of the table of hard cases is what happens, and each refusal is what is said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hexjobs.application.recurring.timetable import Timetable
from hexjobs.domain.errors import InvalidJob
from hexjobs.domain.recurrence.recurrence import Recurrence

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scheduling.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| ([^|]+) \| `([^`]+)` \| (\S+) \| (\d{4}-\d\d-\d\d \d\d:\d\d) \| ([^|]+) \| [^|]+ \|$",
    PAGE,
    re.MULTILINE,
)
REFUSALS = re.findall(r"^((cron|timezone|exclude\.0): '([^']+)' .+)$", PAGE, re.MULTILINE)
NAMED = [
    "31st",
    "29 February",
    "Spring, 02:30",
    "Autumn, 02:30",
    "Lord Howe",
    "Samoa",
    "Moscow",
    "Pyongyang",
    "Casablanca",
]


@pytest.mark.parametrize(("case", "cron", "name", "after", "due"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_what_happens(case: str, cron: str, name: str, after: str, due: str) -> None:
    """The instants that follow, with their offsets and marks; a schedule of an interval was made at `after`."""
    zone = ZoneInfo(name)
    moment = round(datetime.fromisoformat(after).replace(tzinfo=zone).timestamp() * 1000)
    timetable = Timetable(Recurrence(cron=cron, timezone=name), anchor=moment)
    found = []
    for instant in timetable.instants(moment, due.count(";") + 1):
        local = datetime.fromtimestamp(instant / 1000, zone).isoformat(" ", "minutes")
        found.append(f"{local} {timetable.clock_change(instant) or ''}".strip())
    assert "; ".join(found) == due


def test_the_table_has_the_cases_that_matter() -> None:
    """None was lost in editing, and none was passed over in reading."""
    cases = [row[0] for row in ROWS]
    assert (
        len(cases) == PAGE.count("\n| ") - 4 - 6 - 5 - 6
    )  # two heads with their rules, the fields, the policies
    assert [word for word in NAMED if not any(word in case for case in cases)] == []


@pytest.mark.parametrize(("message", "field", "value"), REFUSALS, ids=[row[2] for row in REFUSALS])
def test_a_refusal_is_what_is_said(message: str, field: str, value: str) -> None:
    """Word for word."""
    wrong = {"exclude": (value,)} if field.startswith("exclude") else {field: value}
    with pytest.raises(InvalidJob) as refused:
        Timetable(Recurrence(**{"cron": "@daily", **wrong})).check(  # type: ignore[arg-type]  # by field name
            round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
        )
    assert str(refused.value) == message
