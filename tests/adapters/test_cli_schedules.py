"""What the command line makes of schedules: their documents, and the plan that options say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from hexjobs.adapters.cli.plan_options import MISFIRES, OVERLAPS, other_options, plan_options, read_plan
from hexjobs.adapters.cli.schedule_documents import (
    coming_document,
    description_of,
    job_type_of,
    ledger_document,
    schedule_document,
    state_of,
    utc,
)
from hexjobs.application.recurring.coming_instant import ComingInstant
from hexjobs.application.schedule_options import PlanOptions
from hexjobs.domain.recurrence.misfire_policy import MisfirePolicy
from hexjobs.domain.recurrence.overlap_policy import OverlapPolicy
from hexjobs.ports.schedule_entry import ScheduleEntry
from hexjobs.ports.schedule_ledger import LedgerEntry

JOB = msgspec.Raw(b'{"v":1,"type":"report","payload":{}}')


def entry(**fields: Any) -> ScheduleEntry:
    """A daily schedule that goes on, but for what is given."""
    return ScheduleEntry(**{"name": "a", "envelope": JOB, "cron": "@daily", "next_due": 0, **fields})


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "active"),
        ({"paused_by": "hand"}, "paused by hand"),
        ({"paused_by": "config"}, "paused by the configuration"),
        ({"paused_by": "somebody"}, "paused"),
        ({"paused_by": "hand", "next_due": None, "queued": 1}, "paused by hand"),
        ({"queued": 1}, "queued"),
        ({"queued": 1, "next_due": None}, "queued"),
        ({"next_due": None}, "ended"),
    ],
)
def test_the_state_says_what_keeps_it(fields: dict[str, Any], state: str) -> None:
    assert state_of(entry(**fields)) == state
    assert schedule_document(entry(**fields))["state"] == state


def test_what_cannot_be_read_is_shown_all_the_same() -> None:
    """An envelope that is none, and an expression that is none."""
    assert job_type_of(entry()) == "report"
    assert job_type_of(entry(envelope=msgspec.Raw(b'{"no": "job"}'))) == "?"
    assert description_of(entry()) == "at 00:00, in UTC"
    assert description_of(entry(cron="61 * * * *")) is None
    assert schedule_document(entry(cron="61 * * * *", envelope=msgspec.Raw(b"1")))["when"] == "61 * * * *"


def test_instants_have_milliseconds_where_there_are_any() -> None:
    assert utc(None) is None
    assert utc(0) == "1970-01-01T00:00:00Z"
    assert utc(1_500) == "1970-01-01T00:00:01.500Z"


def test_an_interval_is_shown_as_one() -> None:
    document = schedule_document(entry(cron=None, every=90_000, jitter=500))
    assert (document["when"], document["every_seconds"], document["jitter_seconds"]) == (
        "every 1m30s",
        90,
        0.5,
    )
    assert document["description"] == "every 1m30s; put off by less than 500ms"


def test_coming_instants_and_the_ledger_are_told() -> None:
    """Instants in UTC, but for the local one."""
    local = datetime(2026, 3, 29, 3, tzinfo=timezone(timedelta(hours=2)))
    coming = ComingInstant(local.astimezone(UTC), local, datetime(2026, 3, 29, 1, 0, 5, tzinfo=UTC), "gap")
    assert coming_document(coming) == {
        "instant": "2026-03-29T01:00:00Z",
        "local": "2026-03-29T03:00:00+02:00",
        "due": "2026-03-29T01:00:05Z",
        "change": "gap",
    }
    assert ledger_document(LedgerEntry(0, "missed", 1000, count=3)) == {
        "instant": "1970-01-01T00:00:00Z",
        "outcome": "missed",
        "at": "1970-01-01T00:00:01Z",
        "count": 3,
        "job_id": None,
    }


def read(*arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan and the other options of these arguments."""
    found: list[dict[str, Any]] = []

    @click.command()
    @plan_options
    @click.option("--queue")
    def command(**options: Any) -> None:
        found.append(options)

    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return read_plan(found[0]), other_options(found[0])


def test_what_is_not_given_is_not_there() -> None:
    assert read() == ({}, {})
    assert read("--queue", "a", "--cron", "@daily") == ({"cron": "@daily"}, {"queue": "a"})


def test_none_takes_away_what_may_be_missing() -> None:
    """A bound, the jitter, the exclusions; elsewhere it is a word like any other, and refused by the plan's check."""
    plan, _ = read(
        "--start", "none", "--end", "none", "--limit", "none", "--jitter", "none", "--exclude", "none"
    )
    assert plan == {"start": None, "end": None, "limit": None, "jitter": None, "exclude": ()}
    assert read("--every", "none", "--grace", "none")[0] == {"every": "none", "grace": "none"}


def test_numbers_are_numbers_and_exclusions_are_many() -> None:
    plan, _ = read("--limit", "5", "--backlog", "x", "--exclude", "2026-12-25", "--exclude", "none")
    assert plan == {"limit": 5, "backlog": "x", "exclude": ("2026-12-25", "none")}


def test_the_options_are_the_words_of_a_plan() -> None:
    """Each of them, and the words of the policies."""

    @plan_options
    @click.command()
    def command() -> None: ...

    assert {parameter.name for parameter in command.params} == PlanOptions.__optional_keys__
    assert (tuple(MisfirePolicy), tuple(OverlapPolicy)) == (MISFIRES, OVERLAPS)
