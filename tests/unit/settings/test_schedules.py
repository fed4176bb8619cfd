"""Schedules in the configuration: read from the file and the environment, refused with the key, the reason and the place."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.domain.options import JobOptions
from hexjobs.domain.priority import JobPriority
from hexjobs.settings import Settings, dump_settings, load_settings, origins

TEXT = """\
schedules_revision: 3
schedules_prune: true
schedules:
  nightly:
    type: data_cleanup
    payload: {root: "${ROOT:-temporary}", deep: [{path: "${ROOT:-temporary}/x"}], dry_run: false}
    cron: "0 2 * * *"
    timezone: Europe/Berlin
    start: 2026-03-01T08:00:00
    end: 2030-01-01
    limit: 100
    exclude: [2026-12-25, "* * * 8 *"]
    jitter: 30s
    misfire: run_all
    grace: 5m
    backlog: 7
    overlap: queue_one
    queue: slow
    priority: high
    max_retries: 0
    timeout: none
    unique_key: nightly
    tags: [a, b]
    metadata: {team: data}
    retention: 2h
  refresh: {type: refresh_cache, every: 90}
queues: {slow: {}}
"""


def load(tmp_path: Path, text: str = TEXT, **given: Any) -> Settings:
    """The settings of a file with this text."""
    path = tmp_path / "hexjobs.yaml"
    path.write_text(text)
    return load_settings(path, **{"environ": {}, **given})


def problems(tmp_path: Path, text: str, **given: Any) -> dict[str, str]:
    """What is wrong with it, by key, without the name of the folder."""
    with pytest.raises(InvalidConfiguration) as caught:
        load(tmp_path, text, **given)
    return {problem.field: problem.message.replace(f"{tmp_path}/", "") for problem in caught.value.problems}


def test_a_schedule_is_read_with_all_its_keys(tmp_path: Path) -> None:
    """References are replaced at any depth; instants that YAML reads by itself are texts again."""
    settings = load(tmp_path)
    assert (settings.schedules_revision, settings.schedules_prune) == (3, True)
    assert list(settings.schedules) == ["nightly", "refresh"]
    nightly = settings.schedules["nightly"]
    assert nightly.type == "data_cleanup"
    assert nightly.payload == {"root": "temporary", "deep": [{"path": "temporary/x"}], "dry_run": False}
    assert nightly.plan == {
        "cron": "0 2 * * *",
        "every": None,
        "timezone": "Europe/Berlin",
        "start": "2026-03-01T08:00:00",
        "end": "2030-01-01",
        "limit": 100,
        "exclude": ("2026-12-25", "* * * 8 *"),
        "jitter": timedelta(seconds=30),
        "misfire": "run_all",
        "grace": timedelta(minutes=5),
        "backlog": 7,
        "overlap": "queue_one",
    }
    assert JobOptions.make(**nightly.options) == JobOptions(
        queue="slow",
        priority=JobPriority.HIGH,
        max_retries=0,
        timeout="none",
        unique_key="nightly",
        tags=("a", "b"),
        metadata={"team": "data"},
        retention=timedelta(hours=2),
    )


def test_what_is_not_said_is_the_default(tmp_path: Path) -> None:
    """Of the plan that of `make_plan`; an option that is not said is left to handler, queue and configuration."""
    settings = load(tmp_path)
    refresh = settings.schedules["refresh"]
    assert (refresh.plan["every"], refresh.plan["cron"]) == (timedelta(seconds=90), None)
    assert (refresh.plan["misfire"], refresh.plan["overlap"]) == ("run_once", "allow")
    assert (refresh.plan["grace"], refresh.plan["backlog"]) == (timedelta(minutes=1), 100)
    assert (refresh.payload, refresh.options) == ({}, {})
    assert (Settings().schedules, Settings().schedules_revision) == ({}, 0)
    assert Settings().schedules_prune is False


def test_a_dump_can_be_loaded_again(tmp_path: Path) -> None:
    dumped = dump_settings(load(tmp_path))
    assert dumped["schedules"]["nightly"]["timeout"] == "none"
    assert dumped["schedules"]["refresh"]["every"] == "1m30s"
    again = load(tmp_path, yaml.safe_dump(json.loads(json.dumps(dumped)), sort_keys=False))
    assert dump_settings(again) == dumped


def test_the_environment_goes_first(tmp_path: Path) -> None:
    """Also without a file; the revision has no section, and so no double underscore; a payload is JSON."""
    environ = {
        "HEXJOBS_SCHEDULES_REVISION": "4",
        "HEXJOBS_SCHEDULES_PRUNE": "false",
        "HEXJOBS_SCHEDULES__NIGHTLY__CRON": "@daily",
        "HEXJOBS_SCHEDULES__NIGHTLY__EXCLUDE": '["2026-12-24", "0 0 1,15 * *"]',
        "HEXJOBS_SCHEDULES__OTHER__TYPE": "ping",
        "HEXJOBS_SCHEDULES__OTHER__EVERY": "1h",
        "HEXJOBS_SCHEDULES__OTHER__PAYLOAD": '{"host": "a"}',
        "HEXJOBS_SCHEDULES_PORT": "tcp://10.0.0.1:80",
    }
    settings = load(tmp_path, environ=environ)
    assert (settings.schedules_revision, settings.schedules_prune) == (4, False)
    assert settings.schedules["nightly"].cron == "@daily"
    assert settings.schedules["nightly"].exclude == ("2026-12-24", "0 0 1,15 * *")
    assert settings.schedules["other"].payload == {"host": "a"}
    known = origins(settings)
    assert str(known["schedules_revision"]) == "environment HEXJOBS_SCHEDULES_REVISION"
    assert str(known["schedules.nightly.payload"]).endswith("hexjobs.yaml:6")


def test_all_that_is_wrong_with_schedules_comes_together(tmp_path: Path) -> None:
    text = """\
schedules_revision: -1
schedules:
  Bad: {type: x, every: 1s}
  a:
    cron: "61 2 * * *"
    timezone: Europe/Berlim
    start: soon
    exclude: ["2026-02-30"]
    misfire: never
    overlap: both
    backlog: 0
    payload: [1]
    grace: 5 parsecs
  b: {type: x, cron: "0 0 31 2 *", timeout: 0s, tags: many}
"""
    found = problems(tmp_path, text)
    assert found.pop("schedules.b.cron").startswith("'0 0 31 2 *' never fires: no date of the calendar has")
    assert found == {
        "schedules_revision": "must be greater than or equal to 0 (hexjobs.yaml, line 1)",
        "schedules.Bad": "must be 1 to 64 of lower-case letters, digits, _ and - (hexjobs.yaml, line 3)",
        "schedules.a.type": "is needed, and not given (hexjobs.yaml, line 4)",
        "schedules.a.cron": "'61 2 * * *' is not a cron expression: minute '61' (character 1) is out of range:"
        " it goes from 0 to 59 (hexjobs.yaml, line 5)",
        "schedules.a.timezone": "'Europe/Berlim' is not an IANA time zone; did you mean 'Europe/Berlin'?"
        " (hexjobs.yaml, line 6)",
        "schedules.a.start": "'soon' is not an ISO 8601 instant; write it like 2026-03-01T08:00, or with a"
        " time zone of its own (hexjobs.yaml, line 7)",
        "schedules.a.exclude[0]": "'2026-02-30' is no date of the calendar: day is out of range for month"
        " (hexjobs.yaml, line 8)",
        "schedules.a.misfire": "must be 'skip', 'run_once' or 'run_all' (hexjobs.yaml, line 9)",
        "schedules.a.overlap": "must be 'allow', 'skip', 'queue_one' or 'cancel_running' (hexjobs.yaml, line 10)",
        "schedules.a.backlog": "must be greater than or equal to 1 (hexjobs.yaml, line 11)",
        "schedules.a.payload": "must be an object of keys and values, not list (hexjobs.yaml, line 12)",
        "schedules.a.grace": '\'5 parsecs\' is not a duration; write it like "250ms", "5s", "1m", "24h" or "1h30m"'
        " (hexjobs.yaml, line 13)",
        "schedules.b.timeout": 'must be more than 0, or "none" (hexjobs.yaml, line 14)',
    }


@pytest.mark.parametrize(
    ("entry", "key", "message"),
    [
        ("{type: x}", "cron", "give either cron"),
        ("{type: x, cron: '@daily', every: 1s}", "cron", "give either cron"),
        ("{type: x, every: 1ms}", "every", "is not between 1s and"),
        ("{type: x, cron: '@daily', every: }", None, ""),
        ("{type: x, cron: 5}", "cron", "must be text; put it in quotes"),
        ("{type: x, cron: '@reboot'}", "cron", "not"),
        ("{type: X, every: 1s}", "type", "lower-case letters"),
        ("{type: x, every: 1s, start: 2026-03-02, end: 2026-03-01}", "end", "is before the start"),
        ("{type: x, cron: '0 0 * * *', exclude: ['* * * * *']}", "exclude", "leaves nothing"),
        ("{type: x, every: 1s, end: 2001-01-01}", None, ""),
        ("{type: x, every: 1s, limit: 0}", "limit", "greater than or equal to 1"),
        ("{type: x, every: 1s, backlog: 1001}", "backlog", "less than or equal to 1000"),
        ("{type: x, every: 1s, payload: {at: 2026-03-01}}", "payload", "at is a date, which is not JSON"),
        ("{type: x, every: 1s, payload: {1: a}}", "payload", "has the key 1; JSON keys are strings"),
        ("{type: x, every: 1s, payload: &p {a: *p}}", "payload", "holds itself"),
        ("{type: x, every: 1s, payload: {a: '${NOPE}'}}", "payload", "needs the environment variable NOPE"),
        ("{type: x, every: 1s, unique_key: '" + "k" * 257 + "'}", "unique_key", "1 to 256 characters"),
        ("{type: x, every: 1s, delay: 5s}", "delay", "is not a key"),
        ("{type: x, every: 1s, crn: '@daily'}", "crn", "is not a key; did you mean 'cron'?"),
        ("{type: x, every: 1s, queue: Slow}", "queue", "lower-case letters"),
        ("{type: x, every: 1s, priority: urgent}", "priority", "'urgent' is not a priority"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, entry: str, key: str | None, message: str) -> None:
    """With the path of the key, the reason and the line."""
    text = f"schedules:\n  a: {entry}\n"
    if key is None:
        assert load(tmp_path, text).schedules["a"].type == "x"
        return
    found = problems(tmp_path, text)
    assert list(found) == [f"schedules.a.{key}"]
    assert message in found[f"schedules.a.{key}"]
    assert found[f"schedules.a.{key}"].endswith(" (hexjobs.yaml, line 2)")


def test_a_payload_from_the_environment_that_is_no_json_names_the_variable(tmp_path: Path) -> None:
    environ = {"HEXJOBS_SCHEDULES__REFRESH__PAYLOAD": "host=a"}
    assert problems(tmp_path, TEXT, environ=environ) == {
        "schedules.refresh.payload": 'is not a JSON object; write {"a": 1}'
        " (set by HEXJOBS_SCHEDULES__REFRESH__PAYLOAD)"
    }
